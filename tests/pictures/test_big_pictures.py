"""What a large picture costs in memory, measured in processes of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAKE = """
import sys
from PIL import Image
width, height, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
Image.radial_gradient("L").resize((width, height)).convert(sys.argv[4]).save(path, compress_level=1, quality=80)
"""

READ = """
import sys
from pathlib import Path
from PIL import JpegImagePlugin, PngImagePlugin
from pinyon.pictures import read_picture
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
data = Path(sys.argv[1]).read_bytes()
before = peak()
picture = read_picture(data, name="big", longest=512)
print(peak() - before, *picture.pixels.shape)
"""


def _cost(folder: Path, name: str, mode: str, width: int, height: int) -> tuple[int, tuple[int, ...]]:
    """Bytes by which a process grows at most while it reads a small copy of a picture; the copy's shape."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells the peak of a process by itself")
    path = str(folder / name)
    subprocess.run([sys.executable, "-c", MAKE, str(width), str(height), path, mode], check=True)
    done = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True)
    grown, *shape = map(int, done.stdout.split())
    return grown * 1024, tuple(shape)


def test_a_small_copy_of_a_large_photo_costs_little_memory(tmp_path: Path) -> None:
    cost, shape = _cost(tmp_path, "photo.jpg", "RGB", 8_000, 6_000)
    assert shape == (384, 512, 3)
    assert cost < 40e6  # the photo itself has 144 MB of pixels


@pytest.mark.nightly
def test_a_small_copy_of_a_photo_of_100_megapixels_costs_little_memory(tmp_path: Path) -> None:
    cost, shape = _cost(tmp_path, "photo.jpg", "RGB", 11_648, 8_736)
    assert shape == (384, 512, 3)
    assert cost < 40e6


def test_a_small_copy_of_a_large_transparent_picture_costs_its_pixels_once(tmp_path: Path) -> None:
    cost, shape = _cost(tmp_path, "drawing.png", "RGBA", 5_000, 4_000)
    assert shape == (410, 512, 3)
    assert cost < 4 * 5_000 * 4_000 + 60e6
