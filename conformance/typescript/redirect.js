// Most of the suite's clients are made from a key alone, and such a client calls api.pinecone.io whatever
// PINECONE_CONTROLLER_HOST says. This sends those calls to the server, as a name server could, and leaves the rest alone.
const pinecone = 'https://api.pinecone.io';
const ours = process.env.PINECONE_CONTROLLER_HOST;
const send = global.fetch;

// The SDK's error messages name the address of the answer, or of a copy of it.
const from = (url, response) =>
  Object.defineProperties(response, {
    url: { value: url },
    clone: { value: () => from(url, Response.prototype.clone.call(response)) },
  });

global.fetch = async (url, options) =>
  typeof url === 'string' && url.startsWith(`${pinecone}/`)
    ? from(url, await send(ours + url.slice(pinecone.length), options))
    : send(url, options);
