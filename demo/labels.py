"""The papers of the demo data: small real PDFs, the same bytes for the same parcel."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A5, A6
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from demo.goods import Carrier, Line, worth

_NOT_REAL: Final = "DEMO - no carrier takes this label"


def label(carrier: Carrier, tracking_number: str, sender: Sequence[str], addressee: Sequence[str], collo: str) -> bytes:
    """A shipping label, A6."""
    width, height = A6
    paper = BytesIO()
    canvas = Canvas(paper, pagesize=A6, invariant=1)
    canvas.setTitle("Label")
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(8 * mm, height - 14 * mm, carrier.name)
    canvas.setFont("Helvetica", 7)
    canvas.drawString(8 * mm, height - 19 * mm, f"{carrier.method}   {collo}")
    canvas.line(8 * mm, height - 22 * mm, width - 8 * mm, height - 22 * mm)
    _block(canvas, 8 * mm, height - 27 * mm, ("From", *sender), size=7)
    _block(canvas, 8 * mm, height - 60 * mm, addressee, size=12)
    barcode = Code128(tracking_number, barWidth=0.26 * mm, barHeight=18 * mm, quiet=False)
    barcode.drawOn(canvas, 8 * mm, 20 * mm)
    canvas.setFont("Courier", 10)
    canvas.drawString(8 * mm, 15 * mm, tracking_number)
    canvas.setFont("Helvetica-Oblique", 6)
    canvas.drawString(8 * mm, 8 * mm, _NOT_REAL)
    canvas.showPage()
    canvas.save()
    return paper.getvalue()


def customs_paper(title: str, sender: Sequence[str], addressee: Sequence[str], lines: Sequence[Line]) -> bytes:
    """A CN 23 declaration or a commercial invoice, A5."""
    _, height = A5
    paper = BytesIO()
    canvas = Canvas(paper, pagesize=A5, invariant=1)
    canvas.setTitle(title)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(10 * mm, height - 15 * mm, title)
    _block(canvas, 10 * mm, height - 24 * mm, ("From", *sender), size=8)
    _block(canvas, 80 * mm, height - 24 * mm, ("To", *addressee), size=8)
    rows = [
        f"{line.quantity} x {line.product.description}, HS {line.product.hs_code}, {line.product.origin_country},"
        f" {line.product.weight_grams * line.quantity} g, EUR {line.product.price * line.quantity}"
        for line in lines
    ]
    _block(canvas, 10 * mm, height - 70 * mm, (*rows, f"In all EUR {worth(list(lines))}"), size=8)
    canvas.showPage()
    canvas.save()
    return paper.getvalue()


def _block(canvas: Canvas, left: float, top: float, lines: Sequence[str], *, size: int) -> None:
    text = canvas.beginText(left, top)
    text.setFont("Helvetica", size, size * 1.35)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)
