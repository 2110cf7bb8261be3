"""The style of a report: light and dark, phone and paper."""

from __future__ import annotations

from trimtab.reports.palette import DARK, LIGHT, variables

STYLE = """
:root{color-scheme:light dark;
--page:#fff;--text:#1c2430;--soft:#566071;--line:#d9dee6;--panel:#f5f7fa;--accent:#0b4f8a;
--loss:#a11d2c;--warn:#8a4b00;--shade:#ccd3dd;
%LIGHT%}
@media (prefers-color-scheme:dark){:root{
--page:#12161d;--text:#e7ebf1;--soft:#a3aebd;--line:#323b49;--panel:#1a202a;--accent:#8cc4ff;
--loss:#ff9aa5;--warn:#ffc069;--shade:#4a5566;
%DARK%}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:2.2rem 1.5rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .35rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:2.8rem 0 .3rem;letter-spacing:-.005em}
h3{font-size:.95rem;margin:0;font-weight:600}
p{margin:.35rem 0}
.mode{display:inline-block;margin:0 0 .6rem;padding:.12rem .6rem;border:1px solid var(--accent);
border-radius:99px;color:var(--accent);font-size:.8rem;font-weight:600}
tr.total th,tr.total td{font-weight:600;border-top:2px solid var(--soft)}
.under,.note{color:var(--soft);font-size:.9rem}
.note{max-width:75ch}
.answer{background:var(--panel);border-left:4px solid var(--accent);border-radius:0 8px 8px 0;
padding:1.1rem 1.4rem;margin:1.5rem 0 0;overflow-wrap:anywhere}
.answer>p{font-size:1.18rem;line-height:1.42;font-weight:600;margin:0 0 .8rem;max-width:68ch}
.answer>p:last-child{margin:0}
.answer dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.2rem;margin:0;
font-size:.95rem}
.answer dt{color:var(--soft)}.answer dd{margin:0;max-width:78ch}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums;
margin:1rem 0 0}
caption{text-align:left;font-weight:600;padding:0 0 .4rem}
th,td{padding:.42rem .55rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
th:first-child{text-align:left}
thead th{color:var(--soft);font-weight:500;vertical-align:bottom;line-height:1.25;
overflow-wrap:break-word;max-width:14rem}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:9rem}
td small,th small{display:block;color:var(--soft);font-size:.78rem;font-weight:400;
line-height:1.3}
td.loss{color:var(--loss)}
.key{vertical-align:middle;overflow:visible}
.key line,path.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.key line{stroke-width:3.2}path.first{stroke-width:2.8}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}
.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}.s6{stroke:var(--c6)}.s7{stroke:var(--c7)}
.f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}
.f4{fill:var(--c4)}.f5{fill:var(--c5)}.f6{fill:var(--c6)}.f7{fill:var(--c7)}
.s1{stroke-dasharray:7 3}.s2{stroke-dasharray:2 2.5}.s3{stroke-dasharray:10 3 2 3}
.s4{stroke-dasharray:4 2}.s5{stroke-dasharray:12 4}.s6{stroke-dasharray:6 2 1.5 2 1.5 2}
.s7{stroke-dasharray:1.5 4}
@media screen{td small{white-space:nowrap}}
@media screen and (min-width:701px){path.curve,.key line{stroke-dasharray:none}}
path.lone{stroke-dasharray:none}
.dim{opacity:.16}
.curve.again,.key line.again{stroke-dasharray:5 3!important}
.head{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:baseline;justify-content:space-between}
.choice{display:inline-flex;flex-wrap:wrap;border:1px solid var(--line);border-radius:7px;
overflow:hidden}
.choice button{border:0;border-radius:0;background:none;color:var(--text);padding:.32rem .8rem;
font:inherit;font-size:.85rem;cursor:pointer}
.choice button+button{border-left:1px solid var(--line)}
.choice button[aria-pressed=true]{background:var(--accent);color:var(--page)}
select{font:inherit;font-size:.9rem;padding:.3rem .5rem;border:1px solid var(--line);
border-radius:7px;background:var(--page);color:var(--text);max-width:100%}
label{font-size:.9rem;color:var(--soft)}.tools,.pick{min-width:0;max-width:100%}
.legend{display:flex;flex-wrap:wrap;gap:.15rem .3rem;margin:.5rem 0 .2rem;align-items:center;
font-size:.85rem;font-variant-numeric:tabular-nums}
.legend .at{color:var(--soft);padding:.2rem .4rem .2rem 0;min-width:6.6em}
.legend button{display:inline-flex;align-items:center;gap:.4rem;border:1px solid transparent;
background:none;color:var(--text);font:inherit;padding:.2rem .5rem;border-radius:6px;
cursor:pointer;text-align:left;overflow-wrap:anywhere}
.legend button:hover{border-color:var(--line)}
.legend button[aria-pressed=false]{color:var(--soft);text-decoration:line-through}
.legend button[aria-pressed=false] svg{opacity:.25}
.legend b{font-weight:600}
.plot{position:relative;touch-action:pan-y;cursor:crosshair;border-radius:4px}
.plot svg,.rows div>svg:not(.key){display:block;width:100%;height:auto;overflow:visible}
.plot text,.rows text{font-size:11.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.cursor{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.band{fill:var(--accent);opacity:.13}
.aim{stroke:var(--soft);stroke-width:1;stroke-dasharray:5 3;fill:none}
.mark{stroke:var(--text);stroke-width:1.1;fill:none}
.dot{stroke:var(--page);stroke-width:1.5}
.happened{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:1.5 3}
.plot text.flag,.plot text.tag{fill:var(--text);paint-order:stroke;stroke:var(--page);
stroke-width:3px;stroke-linejoin:round}
.lead{stroke-width:2;fill:none;stroke-dasharray:none}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:1.1rem 1.6rem;
margin-top:.7rem}
.panels .legend{margin:0;justify-content:space-between}
.rows{display:grid;grid-template-columns:1fr 1fr;gap:0 2.4rem;margin-top:.8rem}
.rows h3{margin-bottom:.2rem}
.rows .row{margin-top:.55rem}
.rows .told{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;font-size:.85rem;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.rows .told span:last-child{color:var(--soft)}
.shape{opacity:.28}.span{stroke-width:2.5;fill:none;stroke-dasharray:none}
.past{fill:none;stroke:var(--text);stroke-width:1.6}
code{font:.9em ui-monospace,Menlo,Consolas,"Liberation Mono",monospace}
ul{padding-left:1.15rem;margin:.4rem 0}li{margin:.2rem 0;max-width:85ch;overflow-wrap:anywhere}
.warning b{color:var(--warn)}.error b{color:var(--loss)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.panels.even{grid-template-columns:1fr 1fr}
.wide{overflow-x:auto;background:
linear-gradient(to left,var(--page) 40%,transparent) right/2.4rem 100% no-repeat local,
linear-gradient(to left,var(--shade),transparent) right/.8rem 100% no-repeat scroll}
.nowrap{white-space:nowrap}
.years th:first-child{position:sticky;left:0;background:var(--page);min-width:5.5rem}
.years th{min-width:0}.years thead th{font-size:.8rem}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:3rem;color:var(--soft);font-size:.82rem}
@media screen and (max-width:700px){
main{padding:1.3rem 1rem 3rem}h1{font-size:1.4rem}
.answer{padding:.9rem 1rem}.answer>p{font-size:1.05rem}
.answer dl{grid-template-columns:1fr;gap:.1rem}.answer dd{margin-bottom:.6rem}
.rows{grid-template-columns:1fr}
.rows>div+div{margin-top:1.6rem}
.panels,.panels.even{grid-template-columns:1fr}
.compare{font-size:.82rem}
.compare th:first-child{position:sticky;left:0;background:var(--page);min-width:8rem;
max-width:8rem;padding-left:0;border-right:1px solid var(--line)}
.compare td,.compare td small{white-space:nowrap}.compare thead th{min-width:4.6rem}
caption{position:sticky;left:0}
.compare caption::after{content:' · slide for more';font-weight:400;color:var(--soft)}
.years{font-size:.8rem}.years th,.years td{padding:.35rem .4rem}
}
@media print{
:root{color-scheme:light;
--page:#fff;--text:#000;--soft:#444;--line:#bbb;--panel:#fff;--accent:#0b4f8a;--loss:#7a0010;
--warn:#8a4b00;%LIGHT%}
@page{margin:14mm}
body{font-size:9.5pt}main{max-width:none;padding:0}h1{font-size:16pt}.answer>p{font-size:11.5pt}
.answer{margin-top:.7rem;padding:.6rem 1rem;border-left-width:3pt}.answer>p{margin-bottom:.4rem}
.answer dl{font-size:8.5pt;line-height:1.4;gap:.15rem 1rem}td small,th small{font-size:6.5pt}
.under,.note{font-size:8.5pt;line-height:1.4}.note{max-width:none}.screen{display:none}
.panels,.panels.even{grid-template-columns:1fr 1fr;gap:.5rem 26px}
h2{margin-top:1.2rem;font-size:12pt}
.head,.note,#years .legend,h2,h3{break-after:avoid}.head,.note{break-inside:avoid}
.legend{font-size:8.5pt;margin:.2rem 0 0}.legend button{padding:.1rem .4rem}
.chart,.rows .row,tr,.answer,.panels>div,table{break-inside:avoid}
.long,.long table,#weights,#years{break-inside:auto}
#years .body{display:grid;grid-template-columns:1fr 1fr;gap:0 26px}
#years .legend,#years .whole{grid-column:1/-1}
#years .body>div{break-inside:avoid}
ul{font-size:8.5pt;line-height:1.4}li{max-width:none}
footer{break-before:avoid;margin-top:1rem;font-size:7.5pt}
.choice{display:none}select{border:0;padding:0;appearance:none}
.legend button[aria-pressed=false]{display:none}
.wide{overflow:visible;background:none}table{font-size:8pt;line-height:1.25;margin-top:.5rem}
th,td{padding:.16rem .3rem}.rows{gap:0 26px;margin-top:.3rem}
.rows .told{font-size:8pt;line-height:1.3}.rows .row{margin-top:.25rem}h3{font-size:9pt}
thead th{font-size:7pt}
.years thead th{font-size:7pt}tbody th{min-width:5rem}
.f0.hatched{fill:url(#p0)}.f1.hatched{fill:url(#p1)}.f2.hatched{fill:url(#p2)}
.f3.hatched{fill:url(#p3)}.f4.hatched{fill:url(#p4)}.f5.hatched{fill:url(#p5)}
.f6.hatched{fill:url(#p6)}.f7.hatched{fill:url(#p7)}
.hatched{stroke:#000;stroke-width:.4}
}
""".replace("%LIGHT%", variables(LIGHT)).replace("%DARK%", variables(DARK))

PATTERNS = "".join(
    f'<pattern id="p{number}" width="{size}" height="{size}" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate({turn})"><rect width="{size}" height="{size}" fill="{ground}"/>'
    f'<rect width="{bar}" height="{size}" class="f{number}"/></pattern>'
    for number, (size, bar, turn, ground) in enumerate(
        [
            (4, 4, 0, "#fff"),
            (4, 0.7, 0, "#fff"),
            (3, 1.5, 45, "#fff"),
            (4, 1, -45, "#fff"),
            (3, 1, 90, "#fff"),
            (6, 4, 45, "#fff"),
            (6, 3, 0, "#fff"),
            (5, 0.5, 45, "#fff"),
        ]
    )
)
"""Hatchings for bars on paper without colour; narrower bars than these tiles are solid."""
