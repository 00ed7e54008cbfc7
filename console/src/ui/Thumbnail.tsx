/** The field in which a picture that was brought in keeps a small copy of itself. */
const FIELD = "thumbnail";
/** Nothing else is drawn: a record can hold any text. */
const PICTURE = /^data:image\/(?:webp|png|jpeg);base64,[A-Za-z0-9+/]+={0,2}$/;

type Metadata = Readonly<Record<string, unknown>>;

function pictureOf(metadata: Metadata): string | undefined {
  const value = Object.hasOwn(metadata, FIELD) ? metadata[FIELD] : undefined;
  return typeof value === "string" && PICTURE.test(value) ? value : undefined;
}

/** The small picture of a record, where it has one. It says nothing that is not beside it in words. */
export function Thumbnail({ metadata }: { metadata: Metadata }) {
  const picture = pictureOf(metadata);
  return picture === undefined ? null : <img class="thumbnail" src={picture} alt="" loading="lazy" decoding="async" />;
}

/** Fields and values, without a small picture: its text is nothing to read. */
export function facts(metadata: Metadata): Array<[name: string, value: unknown]> {
  const picture = pictureOf(metadata);
  return Object.entries(metadata).filter(([name]) => picture === undefined || name !== FIELD);
}
