"""What the merchants of the demo data sell, and the carriers that bring it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from demo.people import filled
from demo.places import COUNTRIES


@dataclass(frozen=True, slots=True)
class Product:
    """Something a merchant sells: weight and price are of one piece, the price in euros."""

    description: str
    sku: str
    hs_code: str
    origin_country: str
    weight_grams: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier by the platform's code. In `tracking`, `#` is a digit and `@` a letter; `point` is its method to a service point."""

    code: str
    name: str
    method: str
    tracking: str
    point: str | None = None

    def tracking_number(self, rng: Random) -> str:
        """A number as this carrier writes them."""
        return filled(self.tracking, rng)


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one product."""

    product: Product
    quantity: int

    def item(self, *, customs: bool) -> dict[str, object]:
        """As a parcel's `items` store it; with what customs ask where they do."""
        product = self.product
        return {
            "description": product.description,
            "quantity": self.quantity,
            "weight_grams": product.weight_grams,
            "value_amount": str(product.price),
            "value_currency": "EUR",
            "sku": product.sku,
            "hs_code": product.hs_code if customs else None,
            "origin_country": product.origin_country if customs else None,
        }


def worth(lines: list[Line]) -> Decimal:
    """What they cost together, in euros."""
    return sum((line.product.price * line.quantity for line in lines), Decimal(0))


def weight(lines: list[Line]) -> int:
    """What they weigh together in grams, with the box."""
    return 150 + sum(line.product.weight_grams * line.quantity for line in lines)


def basket(catalogue: tuple[Product, ...], rng: Random) -> list[Line]:
    """What somebody orders."""
    products = rng.sample(catalogue, rng.choices((1, 2, 3), (6, 3, 1))[0])
    return [Line(product, rng.choices((1, 2, 3), (7, 2, 1))[0]) for product in products]


def _catalogue(text: str) -> tuple[Product, ...]:
    """A product a line: description | sku | HS code | origin | grams | euros."""
    rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return tuple(Product(row[0], row[1], row[2], row[3], int(row[4]), Decimal(row[5])) for row in rows)


CATALOGUES: Final = {
    "NL": _catalogue("""
        Dubbele fietstas, waxkatoen, mosgroen | KW-TAS-022 | 420292 | NL | 1450 | 84.95
        Stuurtas met kaartvak | KW-TAS-031 | 420292 | NL | 620 | 49.95
        Fietsbel, messing | KW-BEL-004 | 830610 | DE | 110 | 14.50
        Koplamp op naafdynamo | KW-LMP-011 | 851210 | DE | 185 | 39.00
        Regenhoes voor zadel | KW-HOE-002 | 630790 | NL | 60 | 9.95
        Handvatten van leer, paar | KW-HND-007 | 871499 | IT | 160 | 32.50
        Kinderzitje achterop | KW-ZIT-001 | 871499 | PT | 3200 | 119.00
        Kettingslot 110 cm | KW-SLT-009 | 830140 | NL | 2100 | 64.95
    """),
    "ES": _catalogue("""
        Cuenco de cerámica esmaltada, azul | FB-CER-101 | 691200 | ES | 540 | 18.90
        Juego de seis tazas de barro | FB-CER-118 | 691200 | ES | 1380 | 42.00
        Jabón de aceite de oliva y romero | FB-JAB-003 | 340111 | ES | 105 | 5.50
        Bandeja de madera de olivo | FB-MAD-014 | 441990 | ES | 890 | 34.75
        Vela de cera de abeja | FB-VEL-006 | 340600 | ES | 260 | 12.20
        Mantel de lino 150 x 250 | FB-TEX-021 | 630259 | PT | 720 | 58.00
        Aceitera de vidrio soplado | FB-VID-009 | 701399 | ES | 430 | 23.40
    """),
    "DE": _catalogue("""
        Notizbuch A5, Leinen, punktiert | MP-NOT-050 | 482010 | DE | 340 | 21.90
        Füllfederhalter, Feder M | MP-FED-012 | 960830 | DE | 45 | 79.00
        Tinte Nachtblau 50 ml | MP-TIN-003 | 321590 | DE | 140 | 13.50
        Briefpapier Bütten, 50 Bogen | MP-PAP-024 | 481720 | IT | 410 | 26.80
        Siegelwachs, vier Stangen | MP-SIE-008 | 340490 | FR | 90 | 11.20
        Schreibtischunterlage aus Filz | MP-UNT-002 | 560229 | DE | 780 | 45.00
        Bleistifte, zwölf Stück | MP-BLE-001 | 960910 | DE | 85 | 16.40
        Planschrank aus Birke, zerlegt | MP-MOE-001 | 940360 | PL | 9600 | 289.00
    """),
    "FR": _catalogue("""
        Pelote de laine mérinos, 100 g | QV-LAI-210 | 510910 | FR | 105 | 12.90
        Aiguilles circulaires en bambou | QV-AIG-033 | 441990 | JP | 40 | 9.80
        Kit pull irlandais, taille M | QV-KIT-005 | 510910 | IE | 760 | 94.00
        Panier à ouvrage en osier | QV-PAN-002 | 460212 | FR | 640 | 38.50
        Ciseaux de brodeuse | QV-CIS-001 | 821300 | FR | 55 | 17.60
        Fil de lin teint à la main | QV-LIN-019 | 530610 | BE | 90 | 8.40
        Rouet pliant en hêtre | QV-ROU-001 | 844540 | NZ | 6800 | 545.00
    """),
}

_POSTNL: Final = Carrier("postnl", "PostNL", "PostNL Standard 0-23kg", "3SDEMO#########", "PostNL Service Point 0-23kg")
_DHL: Final = Carrier("dhl", "DHL", "DHL For You 0-20kg", "JVGL0##################", "DHL ServicePoint 0-20kg")
_BPOST: Final = Carrier("bpost", "bpost", "bpost Home 0-30kg", "3232##################", "bpost Pick-up Point 0-30kg")
_DHL_DE: Final = Carrier("dhl_de", "DHL", "DHL Paket 0-31.5kg", "00340434############", "DHL Packstation 0-31.5kg")
_HERMES: Final = Carrier("hermes_de", "Hermes", "Hermes Paket 0-25kg", "H###################", "Hermes PaketShop 0-25kg")
_COLISSIMO: Final = Carrier("colissimo", "Colissimo", "Colissimo Home 0-30kg", "6A###########")
_CHRONOPOST: Final = Carrier("chronopost", "Chronopost", "Chronopost 13 0-30kg", "XD#########FR", "Chrono Relais 0-20kg")
_MONDIAL: Final = Carrier("mondial_relay", "Mondial Relay", "Mondial Relay Point Relais 0-30kg", "########", "Mondial Relay Point Relais 0-30kg")
_CORREOS: Final = Carrier("correos", "Correos", "Correos Paq Estándar a domicilio", "PQDEMO0#############@", "Correos Paq Estándar a oficina")
_SEUR: Final = Carrier("seur", "SEUR", "SEUR 24 estándar", "##############", "SEUR 2SHOP")
_DPD: Final = Carrier("dpd", "DPD", "DPD Classic 0-31.5kg", "05############", "DPD Pickup 0-20kg")
_UPS: Final = Carrier("ups", "UPS", "UPS Standard", "1Z999AA1##########", "UPS Access Point")
_EXPRESS: Final = Carrier("dhl_express", "DHL Express", "DHL Express Worldwide", "##########")

_WITHIN: Final = {
    "NL": (_POSTNL, _POSTNL, _DHL, _DPD),
    "BE": (_BPOST, _DPD),
    "DE": (_DHL_DE, _DHL_DE, _HERMES, _DPD),
    "FR": (_COLISSIMO, _COLISSIMO, _CHRONOPOST, _MONDIAL),
    "ES": (_CORREOS, _CORREOS, _SEUR),
}
_SHOPS: Final = {
    "nl": ("Servicepunt Het Winkeltje", "Kiosk Op de Hoek", "Pakketpunt De Linde"),
    "de": ("Paketshop am Markt", "Kiosk Lindeneck", "Abholstation Nord"),
    "fr": ("Relais du Marché", "Tabac des Tilleuls", "Épicerie du Coin"),
    "es": ("Papelería La Esquina", "Quiosco del Parque", "Punto de recogida El Sol"),
    "it": ("Tabaccheria All'Angolo", "Edicola del Parco"),
    "en": ("Corner News", "The Parcel Shelf"),
}


def carrier(origin: str, destination: str, rng: Random) -> Carrier:
    """One that goes from there to there."""
    if not COUNTRIES[destination].in_the_customs_union:
        return rng.choice((_UPS, _EXPRESS))
    if origin == destination:
        return rng.choice(_WITHIN[origin])
    return rng.choice((*_WITHIN.get(destination, ()), _DPD, _UPS))


def service_point(country_code: str, rng: Random) -> str:
    """A shop's name; the caller says where it is."""
    return rng.choice(_SHOPS[COUNTRIES[country_code].language])
