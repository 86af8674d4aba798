"""The words of amounts in French, Spanish, Italian and Portuguese."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from timeline.meaning.tongue import MAJORITY, SUBUNIT, Tongue, numbers, parts, phrases, watts
from timeline.meaning.units import each, words

__all__ = ["FRENCH", "ITALIAN", "PORTUGUESE", "SPANISH"]

FRENCH: Final = Tongue(
    before={
        **each("about", "environ, env, pres de, pres d', quelque, presque, autour de, autour d', a peu pres"),
        **each("about", "quasiment, aux alentours de, de l' ordre de, approximativement"),
        **each(
            "high", "jusqu' a, jusqu' à, au plus, tout au plus, au maximum, moins de, moins d', un maximum de"
        ),
        **each("low", "plus de, plus d', au moins, au minimum, un minimum de, au - dela de"),
    },
    after={
        **each("low", "ou plus, et plus, au moins, au minimum"),
        **each("high", "ou moins, au plus, au maximum"),
        **each("about", "environ"),
    },
    ranges={"entre": words("et"), "de": words("à -"), "": words("à -")},
    numbers=numbers(
        "zero=0 un=1 une=1 deux=2 trois=3 quatre=4 cinq=5 sept=7 huit=8 neuf=9 dix=10 cent=100 mille=1000"
    ),
    several=each("low", "plusieurs, quelques"),
    shares={
        **each(MAJORITY, "majorite, la majorite, une majorite"),
        **parts(half="la moitie, moitie", third="un tiers, le tiers", thirds="deux tiers, les deux tiers"),
        **parts(
            quarter="un quart, le quart", quarters="trois quarts", fifth="un cinquieme", tenth="un dixieme"
        ),
    },
    halves=each(Decimal("0.5"), "un demi -, un demi"),
    many={"dizaines": 1, "centaines": 2, "milliers": 3},
    hundreds={"centaines": 2, "dizaines": 1},
    thousands=each(3, "mille, millier, milliers, k"),
    scales={
        **each(6, "million, millions, mio, mln, mn"),
        **each(9, "milliard, milliards, md, mds, mrd, mia"),
        **each(12, "billion, billions"),
        **each(15, "billiard, billiards"),
        **each(18, "trillion, trillions"),
    },
    of=words("de d'"),
    minus=words("moins"),
    currencies={
        **each("USD", "dollar, dollars, dollars us, dollars americains, dollars des etats - unis"),
        **{"dollars canadiens": "CAD", "dollars australiens": "AUD", "dollars de hong kong": "HKD"},
        **each("EUR", "euro, euros"),
        **each("JPY", "yen, yens"),
        **each("CNY", "yuan, yuans, renminbi"),
        **each("GBP", "livres sterling, livre sterling, sterling"),
        **each("CHF", "francs suisses, franc suisse"),
        **{"roupies indiennes": "INR", "roubles russes": "RUB", "pesos mexicains": "MXN", "reais": "BRL"},
        **{"couronnes suedoises": "SEK", "couronnes norvegiennes": "NOK", "couronnes danoises": "DKK"},
        **each("XOF", "francs cfa"),
    },
    units={
        **each("percent", "pour cent, pourcent, pour - cent"),
        **each("pp", "point de pourcentage, points de pourcentage"),
        **each("bp", "point de base, points de base"),
        **each("points", "point, points"),
        **each("times", "fois"),
        **each("t", "tonne, tonnes"),
        **{"kilogramme": "kg", "kilogrammes": "kg", "kilos": "kg", "grammes": "g"},
        **{
            "metre": "m",
            "metres": "m",
            "kilometre": "km",
            "kilometres": "km",
            "hectare": "ha",
            "hectares": "ha",
        },
        **{
            "metres carres": "m²",
            "kilometres carres": "km²",
            "metres cubes": "m³",
            "litre": "L",
            "litres": "L",
        },
        **each("bbl", "baril, barils"),
        **each("oz", "once, onces"),
        **each("count", "emploi, emplois, jeux, vehicules"),
        **watts("watt, watts", "heure|heures| heure| heures| - heure| - heures"),
    },
    counted=words(
        "action abonne arme client collaborateur commande employe entreprise etape etudiant habitant"
        " jeton lit logement"
        " parametre passager personne processeur puce salarie siege tranche travailleur unite"
        " utilisateur vehicule voiture vote"
    ),
    periods={
        **each("second", "seconde, secondes, s"),
        **each("minute", "minute, minutes, min"),
        **each("hour", "heure, heures, h"),
        **each("day", "jour, jours"),
        **each("week", "semaine, semaines"),
        **each("month", "mois"),
        **each("quarter", "trimestre, trimestres"),
        **each("year", "an, ans, annee, annees"),
    },
    per=words("/ par"),
    rates={"par an": "year"},
    ambiguous={
        **each("GBP (or another code) for money, kg for weight", "livre, livres"),
        **each("INR, PKR, LKR or NPR", "roupie, roupies"),
        **each("CHF, XOF, XAF or FRF", "franc, francs"),
        **each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
        **each("SEK, NOK, DKK, ISK or CZK", "couronne, couronnes"),
        **each("RUB or BYN", "rouble, roubles"),
        **each("the ISO 4217 code", "dinar, dinars, dirham, dirhams"),
        **each(SUBUNIT, "centime, centimes, cents"),
    },
    singular=words("billion trillion"),
    weak=words("cent mille un six on a as an trois plus"),
    dotted=words("env mio mrd mln md"),
)

SPANISH: Final = Tongue(
    before={
        **each(
            "about",
            "alrededor de, cerca de, unos, unas, aproximadamente, aprox, casi, en torno a, mas o menos",
        ),
        **each("high", "hasta, como maximo, menos de, un maximo de, no mas de, por debajo de"),
        **each(
            "low", "mas de, al menos, por lo menos, como minimo, un minimo de, no menos de, por encima de"
        ),
    },
    after={**each("low", "o mas, como minimo"), **each("high", "o menos, como maximo")},
    ranges={
        **{"entre": words("y e"), "de": words("a -"), "desde": words("hasta a"), "": words("a -")},
    },
    numbers=numbers(
        "cero=0 un=1 uno=1 una=1 dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10"
        " cien=100 mil=1000"
    ),
    several=each("low", "varios, varias"),
    many={"decenas": 1, "cientos": 2, "centenares": 2, "miles": 3, "millones": 6},
    shares={
        **each(MAJORITY, "la mayoria, mayoria, una mayoria"),
        **parts(half="la mitad, mitad", third="un tercio", thirds="dos tercios", quarter="un cuarto"),
        **parts(quarters="tres cuartos", fifth="un quinto", tenth="un decimo"),
    },
    halves=each(Decimal("0.5"), "medio"),
    thousands=each(3, "mil, miles"),
    scales={
        **each(6, "millon, millones, mill, mln"),
        **each(9, "millardo, millardos"),
        **each(12, "billon, billones"),
        **each(18, "trillon, trillones"),
    },
    of=words("de"),
    minus=words("menos"),
    currencies={
        **each("USD", "dolar, dolares, dolares estadounidenses, dolares americanos"),
        **{"dolares canadienses": "CAD", "dolares australianos": "AUD", "dolares de hong kong": "HKD"},
        **each("EUR", "euro, euros"),
        **each("JPY", "yen, yenes"),
        **each("CNY", "yuan, yuanes, renminbi"),
        **each("GBP", "libras esterlinas, libra esterlina"),
        **each("CHF", "francos suizos, franco suizo"),
        **{
            "pesos mexicanos": "MXN",
            "pesos argentinos": "ARS",
            "pesos colombianos": "COP",
            "pesos chilenos": "CLP",
        },
        **{
            "reales brasilenos": "BRL",
            "rublos rusos": "RUB",
            "rupias indias": "INR",
            "pesos filipinos": "PHP",
        },
    },
    units={
        **each("percent", "por ciento, por cien"),
        **each("pp", "punto porcentual, puntos porcentuales"),
        **each("bp", "punto basico, puntos basicos"),
        **each("points", "punto, puntos, enteros"),
        **each("times", "veces"),
        **each("t", "tonelada, toneladas"),
        **{"kilogramos": "kg", "kilos": "kg", "gramos": "g", "metro": "m", "metros": "m", "kilometro": "km"},
        **{
            "kilometros": "km",
            "metros cuadrados": "m²",
            "kilometros cuadrados": "km²",
            "metros cubicos": "m³",
        },
        **{"litro": "L", "litros": "L", "hectarea": "ha", "hectareas": "ha", "onza": "oz", "onzas": "oz"},
        **each("bbl", "barril, barriles"),
        **each(
            "count",
            "trabajadores, empleos, unidades, viajes, hogares, clientes, viviendas, acciones, vehiculos",
        ),
        **watts("vatio, vatios", "s hora|s - hora| hora"),
    },
    counted=words(
        "accion accionista coche cliente empleado empresa habitante pasajero persona puesto usuario"
        " vehiculo vivienda"
        " voto trabajador acciones visitante"
    ),
    periods={
        **each("second", "segundo, segundos"),
        **each("minute", "minuto, minutos"),
        **each("hour", "hora, horas"),
        **each("day", "dia, dias"),
        **each("week", "semana, semanas"),
        **each("month", "mes, meses"),
        **each("quarter", "trimestre, trimestres"),
        **each("year", "ano, anos"),
    },
    per=phrases("/, por, al, a la, cada"),
    rates={"anuales": "year", "mensuales": "month", "al ano": "year", "al mes": "month", "al dia": "day"},
    ambiguous={
        **each("GBP (or another code) for money, kg for weight", "libra, libras"),
        **each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
        **each("CHF, XOF, XAF or FRF", "franco, francos"),
        **each("SEK, NOK, DKK, ISK or CZK", "corona, coronas"),
        **each("RUB or BYN", "rublo, rublos"),
        **each("INR, PKR, LKR or NPR", "rupia, rupias"),
        **each(SUBUNIT, "centavo, centavos, centimo, centimos"),
    },
    weak=words("mil un una a e y seis tres medio o no"),
    dotted=words("aprox mill mln"),
)

ITALIAN: Final = Tongue(
    before={
        **each("about", "circa, ca, quasi, intorno a, all' incirca, attorno a, approssimativamente"),
        **each("high", "fino a, al massimo, meno di, meno d', non piu di, un massimo di, sotto i"),
        **each("low", "oltre, piu di, piu d', almeno, non meno di, un minimo di, sopra i"),
    },
    after={**each("low", "o piu, almeno"), **each("high", "o meno, al massimo"), **each("about", "circa")},
    ranges={
        **{"tra": words("e ed"), "fra": words("e ed"), "da": words("a -"), "": words("a -")},
    },
    numbers=numbers(
        "zero=0 un=1 uno=1 una=1 due=2 tre=3 quattro=4 cinque=5 sei=6 sette=7 otto=8 nove=9 dieci=10"
        " cento=100 mille=1000"
    ),
    several=each("low", "diversi, diverse, parecchi, parecchie, alcuni, alcune"),
    many={"decine": 1, "centinaia": 2, "migliaia": 3, "milioni": 6, "miliardi": 9},
    shares={
        **each(MAJORITY, "la maggioranza, maggioranza, una maggioranza"),
        **parts(half="la meta, meta", third="un terzo", thirds="due terzi", quarter="un quarto"),
        **parts(quarters="tre quarti", fifth="un quinto", tenth="un decimo"),
    },
    halves=each(Decimal("0.5"), "mezzo"),
    thousands=each(3, "mila, mille, migliaia"),
    scales={
        **each(6, "milione, milioni, mln, mil"),
        **each(9, "miliardo, miliardi, mld, mrd, mdi"),
    },
    of=words("di d'"),
    minus=words("meno"),
    currencies={
        **each("USD", "dollaro, dollari, dollari statunitensi, dollari americani"),
        **{"dollari canadesi": "CAD", "dollari australiani": "AUD", "dollari di hong kong": "HKD"},
        **each("EUR", "euro"),
        **{"yen": "JPY", "yuan": "CNY", "renminbi": "CNY"},
        **each("GBP", "sterlina, sterline, lire sterline"),
        **each("CHF", "franchi svizzeri, franco svizzero"),
        **each("ITL", "lire italiane"),
        **{"rupie indiane": "INR", "rubli russi": "RUB", "pesos messicani": "MXN"},
    },
    units={
        **each("percent", "per cento, percento"),
        **each("pp", "punto percentuale, punti percentuali"),
        **each("bp", "punto base, punti base"),
        **each("points", "punto, punti"),
        **each("times", "volte"),
        **each("t", "tonnellata, tonnellate"),
        **{"chilogrammi": "kg", "chili": "kg", "grammi": "g", "metro": "m", "metri": "m", "chilometri": "km"},
        **{
            "metri quadrati": "m²",
            "chilometri quadrati": "km²",
            "metri cubi": "m³",
            "litro": "L",
            "litri": "L",
        },
        **{"ettaro": "ha", "ettari": "ha", "oncia": "oz", "once": "oz", "chilometro": "km"},
        **each("bbl", "barile, barili"),
        **each(
            "count",
            "dipendente, dipendenti, cliente, clienti, utente, utenti, persona, persone, azione, azioni,"
            " veicolo, veicoli,"
            " lavoratori, addetti, posti di lavoro, auto, abitanti, passeggeri, unita, aziende, imprese,"
            " azionisti",
        ),
        **watts("watt", "ora| ora|- ora"),
    },
    periods={
        **each("second", "secondo, secondi"),
        **each("minute", "minuto, minuti"),
        **each("hour", "ora, ore"),
        **each("day", "giorno, giorni"),
        **each("week", "settimana, settimane"),
        **each("month", "mese, mesi"),
        **each("quarter", "trimestre, trimestri"),
        **each("year", "anno, anni"),
    },
    per=phrases("/, per, al, a, all', ogni"),
    rates={"annui": "year", "l' anno": "year", "all' anno": "year", "al mese": "month", "al giorno": "day"},
    ambiguous={
        **each("the ISO 4217 code", "lira, lire"),
        **each("CHF, XOF, XAF or FRF", "franco, franchi"),
        **each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
        **each("SEK, NOK, DKK, ISK or CZK", "corona, corone"),
        **each("RUB or BYN", "rublo, rubli"),
        **each("INR, PKR, LKR or NPR", "rupia, rupie"),
        **each(SUBUNIT, "centesimo, centesimi"),
        **each(
            "10^12 in Italian, and 10^9 in translations from English; write the number with miliardi",
            "bilione",
        ),
        **each(
            "10^12 in Italian, and 10^9 in translations from English; write the number with miliardi",
            "bilioni",
        ),
        **each(
            "10^18 in Italian, and 10^12 in translations from English; write it with miliardi", "trilioni"
        ),
        **each(
            "10^18 in Italian, and 10^12 in translations from English; write it with miliardi", "trilione"
        ),
    },
    weak=words("mil mila mille un una due tre sei e a per al ogni auto meta ora once da"),
    dotted=words("ca mln mld mrd"),
)

PORTUGUESE: Final = Tongue(
    before={
        **each(
            "about",
            "cerca de, aproximadamente, aprox, em torno de, por volta de, quase, uns, umas, a volta de",
        ),
        **each("high", "ate, no maximo, menos de, um maximo de, nao mais de, abaixo de"),
        **each("low", "mais de, pelo menos, no minimo, ao menos, acima de, um minimo de, nao menos de"),
    },
    after={**each("low", "ou mais, no minimo"), **each("high", "ou menos, no maximo")},
    ranges={"entre": words("e"), "de": words("a -"), "": words("a -")},
    numbers=numbers(
        "zero=0 um=1 uma=1 dois=2 duas=2 tres=3 quatro=4 cinco=5 seis=6 sete=7 oito=8 nove=9 dez=10"
        " cem=100 mil=1000"
    ),
    several=each("low", "varios, varias, diversos, diversas"),
    many={"dezenas": 1, "centenas": 2, "milhares": 3, "milhoes": 6},
    shares={
        **each(MAJORITY, "a maioria, maioria, uma maioria"),
        **parts(half="a metade, metade", third="um terco", thirds="dois tercos", quarter="um quarto"),
        **parts(quarters="tres quartos", fifth="um quinto", tenth="um decimo"),
    },
    halves=each(Decimal("0.5"), "meio"),
    thousands=each(3, "mil, milhares"),
    scales={
        **each(6, "milhao, milhoes, mi, mln"),
        **each(9, "bilhao, bilhoes, bi"),
        **each(12, "trilhao, trilhoes, tri, biliao, bilioes"),
        **each(18, "triliao, trilioes"),
    },
    of=words("de"),
    minus=words("menos"),
    currencies={
        **each("USD", "dolar, dolares, dolares americanos, dolares norte - americanos"),
        **{"dolares canadenses": "CAD", "dolares australianos": "AUD", "dolares de hong kong": "HKD"},
        **each("EUR", "euro, euros"),
        **each("BRL", "real, reais"),
        **each("JPY", "iene, ienes"),
        **each("CNY", "yuan, yuans, iuan, iuans, renminbi"),
        **each("GBP", "libras esterlinas, libra esterlina"),
        **each("CHF", "francos suicos, franco suico"),
        **{
            "pesos mexicanos": "MXN",
            "pesos argentinos": "ARS",
            "rublos russos": "RUB",
            "rupias indianas": "INR",
        },
    },
    units={
        **each("percent", "por cento, porcento"),
        **each("pp", "ponto percentual, pontos percentuais"),
        **each("bp", "ponto - base, pontos - base, ponto base, pontos base"),
        **each("points", "ponto, pontos"),
        **each("times", "vezes"),
        **each("t", "tonelada, toneladas"),
        **{
            "quilogramas": "kg",
            "quilos": "kg",
            "gramas": "g",
            "metro": "m",
            "metros": "m",
            "quilometro": "km",
        },
        **{
            "quilometros": "km",
            "metros quadrados": "m²",
            "quilometros quadrados": "km²",
            "metros cubicos": "m³",
        },
        **{"litro": "L", "litros": "L", "hectare": "ha", "hectares": "ha", "onca": "oz", "oncas": "oz"},
        **each("bbl", "barril, barris"),
        **each(
            "count",
            "trabalhadores, unidades, acoes, acao, empregos, utilizadores, habitantes, eleitores,"
            " jogadores, postos de"
            " trabalho",
        ),
        **watts("watt, watts", "s - hora| - hora|s hora| hora"),
    },
    counted=words(
        "funcionario empregado cliente usuario pessoa veiculo carro empresa passageiro acionista voto"
        " trabalhador"
        " utilizador"
    ),
    periods={
        **each("second", "segundo, segundos"),
        **each("minute", "minuto, minutos"),
        **each("hour", "hora, horas"),
        **each("day", "dia, dias"),
        **each("week", "semana, semanas"),
        **each("month", "mes, meses"),
        **each("quarter", "trimestre, trimestres"),
        **each("year", "ano, anos"),
    },
    per=phrases("/, por, ao, a cada, cada"),
    rates={"anuais": "year", "mensais": "month", "ao ano": "year", "ao mes": "month", "ao dia": "day"},
    ambiguous={
        **each("GBP (or another code) for money, kg for weight", "libra, libras"),
        **each("MXN, ARS, CLP, COP or PHP", "peso, pesos"),
        **each("CHF, XOF, XAF or FRF", "franco, francos"),
        **each("SEK, NOK, DKK, ISK or CZK", "coroa, coroas"),
        **each("RUB or BYN", "rublo, rublos"),
        **each("INR, PKR, LKR or NPR", "rupia, rupias"),
        **each(SUBUNIT, "centavo, centavos, centimo, centimos"),
    },
    weak=words("mil mi bi tri um uma a e o ate real seis tres meio no de"),
    dotted=words("aprox mln"),
)
