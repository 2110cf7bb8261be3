"""How sure a result is: shuffled histories, drawn futures, bad times, luck counted."""
