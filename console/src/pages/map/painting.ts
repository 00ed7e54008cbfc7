/** Points written straight into the pixels of a picture: as small discs with soft edges, placed to a quarter pixel. */

const PARTS = 4;

/** Where a disc leaves colour, for each of the 16 ways its middle can lie within a pixel. */
export interface Stamp {
  /** Pixels that the disc may reach from its middle. */
  readonly reach: number;
  /** Pairs: a pixel, counted from the middle's, and how much of it is covered, 1 to 256. */
  readonly parts: ReadonlyArray<Int32Array>;
}

/** radius: of the disc in pixels. stride: pixels of a line. strength: 0 to 1, how much of the ground it hides. */
export function stamp(radius: number, stride: number, strength: number): Stamp {
  const reach = Math.ceil(radius + 1);
  const parts: Int32Array[] = [];
  for (let part = 0; part < PARTS * PARTS; part += 1) {
    const middleX = ((part % PARTS) + 0.5) / PARTS - 0.5;
    const middleY = (Math.floor(part / PARTS) + 0.5) / PARTS - 0.5;
    const found: number[] = [];
    for (let y = -reach; y <= reach; y += 1) {
      for (let x = -reach; x <= reach; x += 1) {
        const share = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x - middleX, y - middleY)));
        const level = Math.round(256 * strength * share);
        if (level > 0) found.push(y * stride + x, level);
      }
    }
    parts.push(new Int32Array(found));
  }
  return { reach, parts };
}

/** A picture with room around its edges, twice a disc's reach, so that discs at the edge need no clipping. */
export interface Picture {
  readonly pixels: Int32Array;
  readonly width: number;
  readonly height: number;
  readonly room: number;
}

export interface Points {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The place of each point's colour in the palette. */
  readonly tint: Uint8Array;
}

/** Pixel = data * scale + shift, on both axes. */
export interface Onto {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly shiftX: number;
  readonly shiftY: number;
}

/** Draws the points of `order` one after another, later ones above. palette: pixels as of `colours.pixel`. */
export function paint(
  picture: Picture,
  points: Points,
  order: Uint32Array,
  onto: Onto,
  disc: Stamp,
  palette: Int32Array,
): void {
  const { pixels, width, height, room } = picture;
  const { x, y, tint } = points;
  const { scaleX, scaleY, shiftX, shiftY } = onto;
  const { parts, reach } = disc;
  const stride = width + 2 * room;
  const edge = room - reach; // a disc of a point further out would not fit into the picture with its room
  for (let place = 0; place < order.length; place += 1) {
    const at = order[place] as number;
    const px = (x[at] as number) * scaleX + shiftX;
    const py = (y[at] as number) * scaleY + shiftY;
    if (!(px > -edge && px < width + edge && py > -edge && py < height + edge)) continue;
    const [column, line] = [Math.floor(px), Math.floor(py)];
    const part = Math.floor((py - line) * PARTS) * PARTS + Math.floor((px - column) * PARTS);
    const middle = (line + room) * stride + column + room;
    blend(pixels, middle, parts[part] as Int32Array, palette[tint[at] as number] as number);
  }
}

/** Mixes a colour into the pixels of a disc. Red and blue are mixed in one multiplication, green in another. */
function blend(pixels: Int32Array, middle: number, disc: Int32Array, colour: number): void {
  const redBlue = colour & 0xff00ff;
  const green = colour & 0x00ff00;
  for (let step = 0; step < disc.length; step += 2) {
    const place = middle + (disc[step] as number);
    const level = disc[step + 1] as number;
    const under = pixels[place] as number;
    const rest = 256 - level;
    const mixedRedBlue = ((Math.imul(redBlue, level) + Math.imul(under & 0xff00ff, rest)) >>> 8) & 0xff00ff;
    const mixedGreen = ((Math.imul(green, level) + Math.imul(under & 0x00ff00, rest)) >>> 8) & 0x00ff00;
    pixels[place] = 0xff000000 | mixedRedBlue | mixedGreen;
  }
}
