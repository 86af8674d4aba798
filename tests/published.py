"""Small tables as they are published, none of which has our names."""

from __future__ import annotations

#: As a statistics office writes it.
POPULATION = """\
Fortschreibung des Bevölkerungsstandes
Stichtag 31.12.

Land;Merkmal;Jahr;Wert;Stand
Bayern;Bevölkerung;2023;13.435.062;15.03.2024
Hessen;Bevölkerung;2023;6.420.729;15.03.2024
Hessen;Fläche (km²);2023;21.115,64;15.03.2024
Saarland;Bevölkerung;2023;-;15.03.2024
__________
© Statistisches Bundesamt
"""

#: As the SEC gives the facts of a company.
FACTS = {
    "cik": 1000,
    "entityName": "Acme Inc.",
    "facts": {
        "us-gaap": {
            "Revenues": {
                "label": "Revenues",
                "units": {
                    "USD": [
                        {
                            "start": "2023-01-01",
                            "end": "2023-12-31",
                            "val": 5520000000,
                            "filed": "2024-02-01",
                        },
                        {
                            "start": "2024-01-01",
                            "end": "2024-12-31",
                            "val": 6100000000,
                            "filed": "2025-02-03",
                        },
                    ]
                },
            },
            "EarningsPerShare": {
                "units": {
                    "USD": [{"start": "2024-01-01", "end": "2024-12-31", "val": 1.1, "filed": "2025-02-03"}]
                }
            },
        },
        "dei": {
            "SharesOutstanding": {
                "units": {
                    "shares": [{"start": None, "end": "2025-01-31", "val": 900678473, "filed": "2025-02-03"}]
                }
            }
        },
    },
}

#: As it is downloaded by the thousand: a price a day, as Americans write days.
PRICES = """\
Date,Symbol,Close,Volume
12/31/2024,ACME,"1,234.50",100
1/2/2025,ACME,99.00,200
01/13/2025 12:00:00 AM,ACME,(1.25),300
"""
