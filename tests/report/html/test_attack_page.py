from tests.support.pages import check_page

from qmcu.backdoor.attacks.evidence import gather_evidence
from qmcu.backdoor.attacks.run import AttackRun
from qmcu.report.html import Bars, Gallery, Histogram, render_page
from qmcu.report.html.attack_page import attack_page


def test_the_page_shows_what_was_measured(attacked: AttackRun) -> None:
    page = attack_page(attacked, gather_evidence(attacked))
    rates, _, samples, residuals = page.sections
    clean, attack = rates.blocks[:2]
    assert isinstance(clean, Bars)
    assert isinstance(attack, Bars)
    found = attacked.rates
    assert [b.share for b in attack.bars] == [
        e.attack.value
        for e in (
            found.honest_float, found.honest_integer, found.attacked_float, found.attacked_integer
        )
    ]  # fmt: skip
    (gallery,) = samples.blocks
    assert isinstance(gallery, Gallery)
    assert len(gallery.pictures) == 12
    assert all(picture.title != "class 4" for picture in gallery.pictures)
    read = check_page(render_page(page))
    assert "rounding on digits" in read.text
    assert "l00_conv_2d" in read.text
    histogram = residuals.blocks[0]
    assert isinstance(histogram, Histogram)
    honest, changed = histogram.series
    # Both hold every weight but zeros and each channel's largest.
    assert sum(honest.counts) == sum(changed.counts) > 30_000
    assert honest.counts != changed.counts
    # A hostile quantizer rounds some weights away from their nearest integer.
    assert (histogram.low, histogram.high) == (-1.0, 1.0)
