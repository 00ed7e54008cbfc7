/** Server-sent events out of bytes, however these were cut: in the middle of a line, or of a letter. */

export class EventReader {
  #decoder = new TextDecoder();
  #text = "";
  #data: string[] = [];

  /** The data of the events that are complete with these bytes. */
  take(bytes: Uint8Array): string[] {
    return this.#lines(this.#decoder.decode(bytes, { stream: true }), false);
  }

  /** At the end of a stream: what is left, if it is a whole event but for the empty line behind it. */
  end(): string[] {
    const found = this.#lines(this.#decoder.decode(), true);
    if (this.#data.length) found.push(this.#data.join("\n"));
    this.#data = [];
    return found;
  }

  #lines(text: string, last: boolean): string[] {
    this.#text += text;
    // A carriage return at the end may be half of a line end.
    const lines = this.#text.split(last ? /\r\n|\n|\r/ : /\r\n|\n|\r(?!$)/);
    this.#text = last ? "" : (lines.pop() ?? "");
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): string[] {
    if (line === "") {
      const event = this.#data;
      this.#data = [];
      return event.length ? [event.join("\n")] : [];
    }
    if (line.startsWith("data:")) this.#data.push(line.slice(line[5] === " " ? 6 : 5));
    return []; // comments, and fields that mean nothing here
  }
}
