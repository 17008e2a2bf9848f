import sys

from ata.base.unload import forget


def test_a_forgotten_module_is_gone_and_can_be_imported_again():
    __import__("ata.region.fr")
    assert "ata.region.fr" in sys.modules
    forget("ata.region.fr")
    assert "ata.region.fr" not in sys.modules
    assert not hasattr(sys.modules["ata.region"], "fr")
    import ata.region.fr as again

    assert again.REGION["name"]


def test_forgetting_what_is_not_there_does_nothing():
    forget("ata.no.such.module")


def test_what_refers_to_it_still_works():
    from ata.region.fr import REGION

    forget("ata.region.fr")
    assert REGION["tones"]["dial"]
