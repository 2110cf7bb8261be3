#!/bin/sh
# The main job on real prices, offline: copies the packaged household to demo-portfolio/ and takes
# it through a rebalance, showing each command line before what it prints. Run by `make demo`.
set -eu
cd "$(dirname "$0")/.."

folder=demo-portfolio
day=2012-09-28
packaged=src/trimtab/data/demo
PATH=$PWD/.venv/bin:$PATH
export PATH

say() { printf '%s\n' "$@"; }

show() {
    say "\$ trimtab $*" ""
    (cd "$folder" && trimtab "$@")
    say ""
}

rm -rf "$folder"
cp -R "$packaged/portfolio" "$folder"
cp "$packaged/prices.csv" "$folder/prices.csv"
cp -R "$packaged/moving" "$folder/moving"
cp "$folder/lots.csv" "$folder/sales.csv" "$folder/moving"

say "A household with three accounts on $day, a week after the highest price that AAPL had" \
    "reached: its stocks have outgrown its bonds. Real prices, paper trading, in $folder/." ""

say "1. How far from the target, and is anything due?"
show status --as-of "$day"

say "2. What to trade, and why? This trades nothing."
show plan --as-of "$day"

plan=$(cd "$folder" && ls plans/*.json)
say "3. Carry out that plan and nothing else, once. (Without --yes it asks.)"
show apply --yes "$plan"

say "4. Where does that leave it?"
show status --as-of "$day"

say "5. Is the record still what was written?"
show ledger verify

say "6. Was it a good policy? Thirteen years of it, beside the alternatives."
show backtest --report report.html --paths 200

say "7. The same household on that day with shares that are found from prices, in $folder/moving/." \
    "What is its target, from what was it found, and what would it trade?"
show -C moving status --as-of "$day" --explain
show -C moving plan --as-of "$day"

say "8. Would that have been better? Nobody in it knew the future; beside the one above."
show -C moving backtest --policy monthly --beside .

say "What next:"
printf '  %-43s %s\n' \
    "In a browser: $folder/report.html" "the same with charts and how sure it is" \
    "cd $folder" "it is yours to play with" \
    "../.venv/bin/trimtab plan --explain" "as of the newest price, 2013-03-01" \
    "../.venv/bin/trimtab init ~/my-portfolio" "a folder for your own holdings; see README.md"
