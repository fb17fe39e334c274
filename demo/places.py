"""Where the people of the demo data live: towns with postal codes they really have, and how addresses are written there.

Phones are numbers set apart for films and books where the country has any that count as valid (DE by the
BNetzA, FR by ARCEP, GB by Ofcom, US 555-01xx), else from one block that looks made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True)
class Town:
    """A town, its region where addresses need one, and the postal codes it has (NL without letters, GB without the inward half)."""

    name: str
    region: str | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """A country as somebody who writes addresses knows it. In `phones`, `#` is a digit; in the others, `{n}` is a number."""

    code: str
    language: str
    faker_locale: str
    towns: tuple[Town, ...]
    streets: tuple[str, ...]
    house_numbers: tuple[str, ...]
    second_lines: tuple[str, ...]
    phones: tuple[str, ...]

    @property
    def in_the_customs_union(self) -> bool:
        """May goods go there from the merchants' countries without a declaration?"""
        return self.code not in {"CH", "GB", "US"}


_TOWN: Final = re.compile(r"(?P<name>[^\[:]+?)(?: \[(?P<region>\w+)\])?: (?P<codes>.+)")
_NL_LETTERS: Final = "ABCDEGHJKLMNPRSTVWXZ"
_NL_NEVER: Final = {"SA", "SD", "SS"}
_GB_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"


def postal_code(country: Country, town: Town, rng: Random) -> str:
    """One of the town's, written as its post office writes it: `3511 AB`, `EH1 1AA`, `10115`."""
    code = rng.choice(town.codes)
    if country.code == "NL":
        letters = "SS"
        while letters in _NL_NEVER:
            letters = rng.choice(_NL_LETTERS) + rng.choice(_NL_LETTERS)
        return f"{code} {letters}"
    if country.code == "GB":
        return f"{code} {rng.randint(1, 9)}{rng.choice(_GB_LETTERS)}{rng.choice(_GB_LETTERS)}"
    return code


def _towns(text: str) -> tuple[Town, ...]:
    found = (_TOWN.fullmatch(line.strip()) for line in text.strip().splitlines())
    return tuple(Town(match["name"], match["region"], tuple(_codes(match["codes"]))) for match in found if match)


def _codes(ranges: str) -> Iterator[str]:
    """`1011-1013 8001` is 1011, 1012, 1013 and 8001."""
    for part in ranges.split():
        first, _, last = part.partition("-")
        if last:
            yield from (f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))
        else:
            yield first


def _lines(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", " ").split(";"))


COUNTRIES: Final = {
    country.code: country
    for country in (
        Country(
            code="NL",
            language="nl",
            faker_locale="nl_NL",
            towns=_towns("""
                Amsterdam: 1011-1019 1051-1059 1071-1079
                Rotterdam: 3011-3016 3021-3028 3031-3039
                Den Haag: 2511-2518 2561-2566
                Utrecht: 3511-3515 3521-3526 3531-3534
                Eindhoven: 5611-5617 5621-5629
                Groningen: 9711-9718
                Tilburg: 5011-5018 5021-5026
                Almere: 1311-1318
                Breda: 4811-4819
                Nijmegen: 6511 6512 6521-6525
                Enschede: 7511-7514
                Haarlem: 2011-2015
                Arnhem: 6811-6816
                Zwolle: 8011-8014
                Leiden: 2311-2318
                Maastricht: 6211-6218
                Delft: 2611-2616
            """),
            streets=_lines("""
                Kerkstraat; Schoolstraat; Molenstraat; Dorpsstraat; Stationsstraat; Beatrixstraat; Wilhelminastraat;
                Julianastraat; Emmastraat;
                Nieuwstraat; Parallelweg; Eikenlaan; Beukenlaan; Lindelaan; Kastanjelaan; Merelstraat; Meidoornstraat;
                Oranjestraat; Hoofdstraat;
                Vermeerstraat; Rembrandtlaan; Havenstraat; Marktstraat; Tulpstraat; Zonnebloemstraat
            """),
            house_numbers=("{n}", "{n}", "{n}", "{n}", "{n}A", "{n}-B", "{n} bis"),
            second_lines=(),
            phones=("+3161234####",),
        ),
        Country(
            code="BE",
            language="nl",
            faker_locale="nl_BE",
            towns=_towns("""
                Antwerpen: 2000 2018 2020 2030 2050 2060
                Gent: 9000
                Brugge: 8000
                Leuven: 3000 3001
                Mechelen: 2800
                Hasselt: 3500
                Kortrijk: 8500
                Aalst: 9300
                Oostende: 8400
                Genk: 3600
                Turnhout: 2300
            """),
            streets=_lines("""
                Kerkstraat; Molenstraat; Stationsstraat; Nieuwstraat; Schoolstraat; Kapelstraat; Veldstraat;
                Dorpsstraat; Leopoldlaan; Albertstraat;
                Groenstraat; Hoogstraat; Kasteelstraat; Lindestraat; Beekstraat; Bergstraat; Meersstraat
            """),
            house_numbers=("{n}", "{n}", "{n}", "{n} bus 2", "{n}A"),
            second_lines=(),
            phones=("+3247012####",),
        ),
        Country(
            code="DE",
            language="de",
            faker_locale="de_DE",
            towns=_towns("""
                Berlin: 10115 10117 10119 10178 10179 10243 10245 10247 10249 10405 10407 10435 10437 10551 10585 10623 10777 10823 10999
                Hamburg: 20095 20097 20099 20144 20146 20249 20251 20253 20255 20257 20259 20354 20357 20359 22765 22767
                München: 80331 80333 80335 80336 80337 80339 80469 80538 80539 80636 80796 80797 80798 80799
                Köln: 50667 50668 50670 50672 50674 50676 50677 50678 50733 50823 50825 50937
                Frankfurt am Main: 60311 60313 60314 60316 60318 60322 60325 60329 60385 60486 60594 60596
                Stuttgart: 70173 70174 70176 70178 70180 70182 70184 70190
                Leipzig: 04103 04105 04107 04109 04155 04177 04229 04275 04277
                Dresden: 01067 01069 01097 01099 01127 01307 01309
                Hannover: 30159 30161 30163 30165 30167 30169 30171
                Nürnberg: 90402 90403 90408 90409 90419 90429 90443 90459
                Bremen: 28195 28199 28201 28203 28205 28209 28215
                Freiburg im Breisgau: 79098 79100 79102 79104 79106
                Münster: 48143 48145 48147 48149 48151 48153 48155
                Bonn: 53111 53113 53115 53117 53119 53121
            """),
            streets=_lines("""
                Hauptstraße; Schulstraße; Gartenstraße; Bahnhofstraße; Dorfstraße; Bergstraße; Birkenweg; Lindenstraße;
                Kirchstraße; Waldstraße;
                Ringstraße; Schillerstraße; Goethestraße; Amselweg; Mühlenweg; Jahnstraße; Rosenstraße; Buchenweg;
                Feldstraße; Wiesenweg;
                Friedhofstraße; Mozartstraße; Beethovenstraße; Uhlandstraße
            """),
            house_numbers=("{n}", "{n}", "{n}", "{n}a", "{n}b"),
            second_lines=("Hinterhaus", "3. OG links", "c/o Hausverwaltung"),
            phones=("+4917139200##", "+493023125###", "+496990009###", "+494066969###", "+492214710###", "+498999998###"),
        ),
        Country(
            code="FR",
            language="fr",
            faker_locale="fr_FR",
            towns=_towns("""
                Paris: 75001-75020
                Lyon: 69001-69009
                Marseille: 13001-13016
                Toulouse: 31000 31100 31200 31300 31400 31500
                Nice: 06000 06100 06200 06300
                Nantes: 44000 44100 44200 44300
                Strasbourg: 67000 67100 67200
                Bordeaux: 33000 33100 33200 33300 33800
                Lille: 59000 59800
                Rennes: 35000 35200 35700
                Montpellier: 34000 34070 34080 34090
                Grenoble: 38000 38100
                Dijon: 21000
                Tours: 37000 37100 37200
                Annecy: 74000
            """),
            streets=_lines("""
                Rue de l'Église; Rue des Écoles; Grande Rue; Rue du Moulin; Place de la Mairie; Rue du Château;
                Rue de la Gare; Rue de la Mairie;
                Rue Pasteur; Rue Victor Hugo; Rue Jean Jaurès; Avenue de la Gare; Rue des Jardins; Rue de la Fontaine;
                Rue du Stade; Chemin des Vignes;
                Impasse des Lilas; Rue des Tilleuls; Rue du Lavoir; Allée des Acacias
            """),
            house_numbers=("{n}", "{n}", "{n}", "{n} bis", "{n} ter"),
            second_lines=("Bâtiment B", "2e étage, porte gauche", "Résidence Les Peupliers"),
            phones=("+331990#####", "+33261910###", "+33353010###", "+33465710###", "+33536490###"),
        ),
        Country(
            code="ES",
            language="es",
            faker_locale="es_ES",
            towns=_towns("""
                Madrid: 28001-28018 28020-28022 28025-28030
                Barcelona: 08001-08032
                Valencia: 46001-46026
                Sevilla: 41001-41013
                Zaragoza: 50001-50015
                Málaga: 29001-29018
                Bilbao: 48001-48015
                Granada: 18001-18015
                Alicante: 03001-03016
                Valladolid: 47001-47017
                Palma: 07001-07015
                A Coruña: 15001-15011
                Murcia: 30001-30012
                Córdoba: 14001-14014
            """),
            streets=_lines("""
                Calle Mayor; Calle Real; Calle Nueva; Calle del Sol; Calle de la Iglesia; Calle San Juan;
                Calle Cervantes; Plaza de España;
                Avenida de la Constitución; Calle San José; Calle del Carmen; Calle Ramón y Cajal; Calle Goya;
                Calle Velázquez; Calle Rosalía de Castro;
                Paseo de la Estación; Calle de las Flores; Calle Santa Ana; Calle Fuente; Camino Viejo
            """),
            house_numbers=("{n}",),
            second_lines=("1º A", "2º B", "3º 2ª", "4º dcha.", "Bajo izda.", "Escalera 2, 5º C"),
            phones=("+3461234####", "+3465432####"),
        ),
        Country(
            code="IT",
            language="it",
            faker_locale="it_IT",
            towns=_towns("""
                Milano [MI]: 20121-20129 20131-20139 20141-20149
                Roma [RM]: 00184-00187 00152-00154 00161 00162 00182 00183
                Torino [TO]: 10121-10126 10128 10129 10131 10141-10149
                Napoli [NA]: 80121-80129 80131-80138
                Bologna [BO]: 40121-40129 40131 40132
                Firenze [FI]: 50121-50127 50129 50131-50134
                Genova [GE]: 16121-16129 16131 16132
                Verona [VR]: 37121-37124 37126-37129
                Padova [PD]: 35121-35129 35131-35133
                Bari [BA]: 70121-70126
                Palermo [PA]: 90133-90135 90138 90139 90141-90145
            """),
            streets=_lines("""
                Via Roma; Via Garibaldi; Via Mazzini; Via Dante Alighieri; Via Cavour; Via Marconi; Corso Italia;
                Via Verdi; Via Matteotti;
                Via Giacomo Leopardi; Via Piave; Via Trento; Viale della Vittoria; Via San Francesco;
                Piazza della Repubblica; Via dei Mille
            """),
            house_numbers=("{n}", "{n}", "{n}/A", "{n} bis"),
            second_lines=("Scala B, interno 4", "Piano terra", "Interno 12"),
            phones=("+3932012345##", "+3933312345##"),
        ),
        Country(
            code="GB",
            language="en",
            faker_locale="en_GB",
            towns=_towns("""
                London: E8 E17 N1 N16 NW5 SE15 SE22 SW9 SW12 W5
                Manchester: M4 M14 M20 M21
                Birmingham: B5 B13 B15 B30
                Edinburgh: EH3 EH6 EH7 EH9
                Bristol: BS3 BS5 BS6 BS8
                Leeds: LS6 LS7 LS8
                Glasgow: G11 G12 G41 G42
                Cardiff: CF10 CF11 CF24
            """),
            streets=_lines("""
                High Street; Station Road; Church Lane; Victoria Road; Park Avenue; Mill Lane; Manor Road; Grange Road;
                Queens Road; Albert Street;
                Chapel Street; The Crescent; Windsor Road; Highfield Road; Springfield Terrace
            """),
            house_numbers=("{n}", "{n}", "{n}A"),
            second_lines=("Flat 3", "Flat 12B", "First floor"),
            phones=("+442079460###", "+441614960###", "+441134960###", "+441174960###"),
        ),
        Country(
            code="CH",
            language="de",
            faker_locale="de_CH",
            towns=_towns("""
                Zürich: 8001-8006 8008 8032 8037 8044 8045 8047-8049
                Bern: 3006-3008 3011-3014
                Basel: 4051-4058
                Luzern: 6003-6006
                Winterthur: 8400 8404-8406
                St. Gallen: 9000 9008 9010 9011
            """),
            streets=_lines("""
                Bahnhofstrasse; Dorfstrasse; Hauptstrasse; Kirchgasse; Seestrasse; Bergstrasse; Schulhausstrasse;
                Rosenweg; Birkenweg; Gartenstrasse;
                Industriestrasse; Oberdorfstrasse
            """),
            house_numbers=("{n}", "{n}", "{n}a"),
            second_lines=("2. Stock", "Postfach"),
            phones=("+4178123####",),
        ),
        Country(
            code="US",
            language="en",
            faker_locale="en_US",
            towns=_towns("""
                New York [NY]: 10001-10003 10009-10014
                Chicago [IL]: 60605-60608 60610-60614
                Portland [OR]: 97201-97206 97209-97215
                Austin [TX]: 78701-78705
                Boston [MA]: 02108-02111 02113-02116
                Seattle [WA]: 98101-98109
                Denver [CO]: 80202-80207
            """),
            streets=_lines("""
                Maple Street; Oak Street; Elm Avenue; Cedar Lane; Washington Avenue; Lake Street; Hill Street;
                Park Avenue; Pine Street; Walnut Street;
                Sunset Drive; Highland Avenue
            """),
            house_numbers=("{n}", "{n}", "1{n}"),
            second_lines=("Apt 4B", "Unit 12", "Suite 300"),
            phones=("+121255501##", "+131255501##", "+150355501##", "+151255501##", "+161755501##", "+120655501##", "+130355501##"),
        ),
    )
}
