"""A wrong configuration ends an update before anything is changed, with all that is wrong and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.local.program.stack import event, shop

if TYPE_CHECKING:
    from tests.local.program.stack import Place


def wrong() -> dict[str, Any]:
    """The shop with several mistakes."""
    config = shop("v2")
    config["services"]["web"] |= {"replicas": "two", "depends_on": ["apo"]}
    config["services"]["api"]["verzion"] = "v2"
    config["environment"]["tier"] = "big"
    return config


def test_all_problems_at_once_with_their_lines(there: Place) -> None:
    """On an empty stack and on one that is there; a preview says the same."""
    said = ("tidegate:services.web.replicas: must be", "did you mean api?", "did you mean version?", "tidegate:environment.tier: must be")
    there.refused(wrong(), *said)
    there.install(shop())
    run = there.refused(wrong(), *said)
    for line in [text.strip() for text in run.errors.splitlines() if ": tidegate:" in text]:
        file, number, _ = line.split(":", 2)
        assert file == str(there.stack.file)
        key = line.split("tidegate:", 1)[1].split(": ", 1)[0].rpartition(".")[2].partition("[")[0]
        assert key in there.stack.file.read_text().splitlines()[int(number) - 1] or key == "depends_on"
    there.preview(wrong()).failed(*said)


def test_an_event_that_there_is_not(there: Place) -> None:
    """A misspelled event is a wrong configuration too."""
    there.install(shop())
    there.refused(shop(), "tidegate:event.kind", "did you mean shift?", happens={"kind": "shiff", "weight": 5})


def test_secrets_are_complete_before_anything_changes(there: Place) -> None:
    """A key without a value is found before the release, and values are in no error."""
    keyed = shop("v2", more={"web": {"secrets": ["keys"]}})
    sets = {"keys": {"required": ["TOKEN", "PASSWORD"], "values": {"TOKEN": "hush-hush"}}}
    there.install(shop())
    run = there.refused({**keyed, "secrets": sets}, "tidegate:secrets.keys.values.PASSWORD", "is required, but has no value")
    assert "hush-hush" not in run.errors


def test_an_update_says_what_it_does_not_heed(there: Place) -> None:
    """Nobody is to rely on a gate that only a driver minds; what isn't set isn't named."""
    freeze = {"start": "0 18 * * 5", "duration": "62h", "timezone": "UTC", "reason": "weekend"}
    config = {**shop(more={"web": {"analysis": {"error_rate": 0.01}}}), "gates": {"freezes": {"weekend": freeze}}}
    said = [text for text in there.preview(config).well().messages if "doesn't heed" in text]
    assert len(said) == 1
    assert "heed gates.freezes, services.web.analysis:" in said[0]
    assert [text for text in there.preview(shop()).well().messages if "doesn't heed" in text] == []


def test_what_the_driver_heeds_is_not_warned_of_when_it_drives(there: Place) -> None:
    """What it doesn't either is named all the same."""
    freeze = {"start": "0 18 * * 5", "duration": "62h", "timezone": "UTC", "reason": "weekend"}
    gates = {"freezes": {"weekend": freeze}, "scans": {"images": {"reports": ["scan.json"]}}}
    backup = {"schedule": "0 2 * * *", "before_release": True}
    config = {**shop(more={"web": {"analysis": {"error_rate": 0.01}}}), "gates": gates, "backup": backup}
    run = there.preview(config, event("stage")).well()
    assert [text for text in run.messages if "doesn't heed backup.before_release:" in text]
    assert not [text for text in run.messages if "gates.freezes" in text or "gates.scans" in text or "analysis" in text]
    assert [text for text in there.preview(config).well().messages if "doesn't heed gates.freezes, gates.scans, backup" in text]
