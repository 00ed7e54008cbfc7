/** What lies above the points: names of groups, a query and its neighbours, the chosen point, a line being drawn. */

import { apart, type Box, type Label } from "./labels";
import type { Look } from "./look";
import type { Place } from "./view";

export interface Marks {
  /** Where a query lies, with lines to its neighbours. */
  readonly query: Place | null;
  readonly neighbours: readonly Place[];
  readonly pinned: Place | null;
  readonly hovered: Place | null;
  /** A closed line around what is being chosen. */
  readonly stroke: readonly Place[];
}

export interface Named extends Label {
  readonly text: string;
  /** It has a colour of its own. */
  readonly named: boolean;
}

const LONGEST = 28;
const FEW = 12;

type Pen = CanvasRenderingContext2D;

/** All places in the data's coordinates; `put` brings them to CSS pixels. cross: the middle is marked, for keys. */
export function drawOver(
  pen: Pen,
  marks: Marks,
  names: readonly Named[],
  put: (place: Place) => Place,
  look: Look,
  size: { readonly width: number; readonly height: number; readonly cross: boolean },
): void {
  pen.clearRect(0, 0, size.width, size.height);
  pen.lineJoin = "round";
  if (marks.query) lines(pen, put(marks.query), marks.neighbours.map(put), look);
  drawNames(pen, names, put, look, size);
  if (marks.query) star(pen, put(marks.query), look);
  if (marks.pinned) ring(pen, put(marks.pinned), 8, look.text.ink, look.text.halo);
  if (marks.hovered) ring(pen, put(marks.hovered), 6, look.text.ink, look.text.halo);
  if (marks.stroke.length > 1) stroke(pen, marks.stroke.map(put), look);
  if (size.cross) cross(pen, size.width / 2, size.height / 2, look);
}

function lines(pen: Pen, from: Place, ends: readonly Place[], look: Look): void {
  pen.strokeStyle = look.text.ink;
  pen.globalAlpha = 0.45;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const end of ends) {
    pen.moveTo(...from);
    pen.lineTo(...end);
  }
  pen.stroke();
  pen.globalAlpha = 1;
  for (const end of ends) ring(pen, end, 5, look.text.ink, look.text.halo);
}

function ring(pen: Pen, [x, y]: Place, radius: number, ink: string, halo: string): void {
  for (const [colour, width] of [
    [halo, 4],
    [ink, 1.75],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.stroke();
  }
}

function star(pen: Pen, [x, y]: Place, look: Look): void {
  pen.beginPath();
  for (let corner = 0; corner < 10; corner += 1) {
    const radius = corner % 2 ? 5 : 12;
    const angle = (corner * Math.PI) / 5 - Math.PI / 2;
    pen.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  pen.closePath();
  pen.strokeStyle = look.text.halo;
  pen.lineWidth = 4;
  pen.stroke();
  pen.fillStyle = look.text.ink;
  pen.fill();
}

function stroke(pen: Pen, places: readonly Place[], look: Look): void {
  pen.beginPath();
  for (const place of places) pen.lineTo(...place);
  pen.closePath();
  pen.fillStyle = look.text.accent;
  pen.globalAlpha = 0.12;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = look.text.accent;
  pen.lineWidth = 1.75;
  pen.setLineDash([6, 4]);
  pen.stroke();
  pen.setLineDash([]);
}

function cross(pen: Pen, x: number, y: number, look: Look): void {
  for (const [colour, width] of [
    [look.text.halo, 4],
    [look.text.ink, 1.5],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      pen.moveTo(x + 5 * dx, y + 5 * dy);
      pen.lineTo(x + 12 * dx, y + 12 * dy);
    }
    pen.stroke();
  }
}

interface Placed extends Box {
  readonly name: string;
  readonly named: boolean;
}

function drawNames(
  pen: Pen,
  names: readonly Named[],
  put: (place: Place) => Place,
  look: Look,
  size: { readonly width: number; readonly height: number },
): void {
  pen.font = `600 12px ${look.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const boxes = names.map(({ text, named, count, x, y }): Placed => {
    const name = shortened(text);
    const [px, py] = put([x, y]);
    const width = pen.measureText(name).width + 8;
    // Above the points where they are so few that it would hide them.
    const lift = count <= FEW ? 14 : 0;
    return { name, named, x: px - width / 2, y: py - 9 - lift, width, height: 18 };
  });
  const within = (box: Box) =>
    box.x > -4 && box.x + box.width < size.width + 4 && box.y > 0 && box.y + 18 < size.height;
  for (const { name, named, x, y, width, height } of apart(boxes.filter(within))) {
    pen.strokeStyle = look.text.halo;
    pen.lineWidth = 4;
    pen.globalAlpha = 0.85;
    pen.strokeText(name, x + width / 2, y + height / 2);
    pen.globalAlpha = 1;
    pen.fillStyle = named ? look.text.ink : look.text.soft;
    pen.fillText(name, x + width / 2, y + height / 2);
  }
}

/** One line, without the middle of what is too long. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length <= LONGEST ? line : `${letters.slice(0, LONGEST - 8).join("")}…${letters.slice(-6).join("")}`;
}
