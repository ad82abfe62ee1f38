"""Folders whose arrangement is odd."""

import os
import shutil
from pathlib import Path

from tests.corpus import Corpus
from tests.corpus.pictures import PNG, photos, picture, saved

CORPUS = Corpus("image-classification")


@CORPUS.case("error", "nowhere")
def _missing_folder(folder: Path) -> Path:
    return folder / "nowhere"


@CORPUS.case("error", "hollow")
def _empty_folder(folder: Path) -> Path:
    (folder / "hollow").mkdir()
    return folder / "hollow"


@CORPUS.case("error", "photos")
def _only_empty_classes(folder: Path) -> Path:
    for name in ("cat", "dog"):
        (folder / "photos" / name).mkdir(parents=True)
    return folder / "photos"


@CORPUS.case("told", "bird")
def _one_empty_class(folder: Path) -> Path:
    (photos(folder) / "bird").mkdir()
    return folder / "photos"


@CORPUS.case("error", "cat", code="F-CATEGORY-ONE-CLASS")
def _one_class_only(folder: Path) -> Path:
    return photos(folder, ("cat",))


@CORPUS.case("told", "bird", code="F-CATEGORY-SINGLE")
def _a_class_of_one(folder: Path) -> Path:
    root = photos(folder)
    (root / "bird").mkdir()
    (root / "bird" / "only.png").write_bytes(PNG)
    return root


@CORPUS.case("error", "photos")
def _pictures_without_classes(folder: Path) -> Path:
    (folder / "photos").mkdir()
    for i in range(6):
        picture(i).save(folder / "photos" / f"{i}.png")
    return folder / "photos"


@CORPUS.case("fine")
def _junk_of_systems(folder: Path) -> Path:
    root = photos(folder)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._0.png"):
        (root / "cat" / name).write_bytes(b"\0\1junk")
    (root / "__MACOSX").mkdir()
    return root


@CORPUS.case("error", "photos", code="F-DATA-UNREADABLE")
def _most_pictures_broken(folder: Path) -> Path:
    root = photos(folder)
    for i in range(6, 20):
        (root / "cat" / f"{i}.png").write_bytes(PNG[:50])
    return root


@CORPUS.case("error", "0.png")
def _every_picture_broken(folder: Path) -> Path:
    root = photos(folder)
    for path in root.glob("*/*"):
        path.write_bytes(b"")
    return root


@CORPUS.case("told", "copy.png", code="F-DATA-CONFLICT")
def _one_picture_in_two_classes(folder: Path) -> Path:
    root = photos(folder)
    shutil.copy(root / "cat" / "0.png", root / "dog" / "copy.png")
    return root


@CORPUS.case("told", "copy.png", code="F-DATA-DUPLICATE")
def _one_picture_twice(folder: Path) -> Path:
    root = photos(folder)
    shutil.copy(root / "cat" / "0.png", root / "cat" / "copy.png")
    return root


@CORPUS.case("told", "smaller.jpg", code="F-DATA-NEAR")
def _one_picture_again_at_another_size(folder: Path) -> Path:
    root = photos(folder)
    picture(77, (90, 90)).save(root / "cat" / "large.png")
    (root / "cat" / "smaller.jpg").write_bytes(saved(picture(77, (90, 90)).resize((60, 60)), "JPEG", quality=90))
    return root


@CORPUS.case("told", code="F-SPLIT-COPIES")
def _one_picture_in_train_and_test(folder: Path) -> Path:
    root = parts(folder)
    shutil.copy(root / "train" / "cat" / "0.png", root / "test" / "cat" / "0.png")
    return root


def parts(folder: Path) -> Path:
    """Good pictures with a training and a test part."""
    for k, part in enumerate(("train", "test")):
        for c, name in enumerate(("cat", "dog")):
            place = folder / "photos" / part / name
            place.mkdir(parents=True)
            for i in range(5):
                picture(1000 + 100 * k + 10 * c + i).save(place / f"{i}.png")
    return folder / "photos"


@CORPUS.case("error")
def _the_same_pictures_in_train_and_test(folder: Path) -> Path:
    root = parts(folder)
    shutil.rmtree(root / "test")
    shutil.copytree(root / "train", root / "test")
    return root


@CORPUS.case("error", "bird", code="F-TARGET-UNKNOWN")
def _a_class_that_is_only_tested(folder: Path) -> Path:
    root = parts(folder)
    (root / "test" / "bird").mkdir()
    (root / "test" / "bird" / "0.png").write_bytes(PNG)
    return root


@CORPUS.case("told", "Cat", code="F-CATEGORY-ALIKE")
def _classes_that_differ_in_case(folder: Path) -> Path:
    root = photos(folder)
    (root / "Cat").mkdir()
    for i in range(3):
        picture(50 + i).save(root / "Cat" / f"{i}.png")
    return root


@CORPUS.case("fine")
def _a_link_back_to_the_root(folder: Path) -> Path:
    root = photos(folder)
    (root / "cat" / "again").symlink_to(root, target_is_directory=True)
    return root


@CORPUS.case("error", "closed")
def _closed_folder(folder: Path) -> Path:
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0)
    return folder / "closed"


@CORPUS.case("error")
def _a_device(folder: Path) -> Path:
    return Path("/dev/null")


@CORPUS.case("error", "pipe")
def _a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@CORPUS.case("error", "one.png")
def _a_single_picture(folder: Path) -> Path:
    (folder / "one.png").write_bytes(PNG)
    return folder / "one.png"


@CORPUS.case("error", "broken.zip")
def _a_broken_archive(folder: Path) -> Path:
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    return folder / "broken.zip"


@CORPUS.case("error")
def _an_archive_that_climbs_out(folder: Path) -> Path:
    import zipfile

    with zipfile.ZipFile(folder / "climb.zip", "w") as archive:
        archive.writestr("../../evil/cat/1.png", PNG)
        archive.writestr("../../evil/dog/1.png", PNG)
    return folder / "climb.zip"


@CORPUS.case("error")
def _a_program(folder: Path) -> Path:
    (folder / "program").write_bytes(b"\x7fELF" + bytes(200))
    return folder / "program"
