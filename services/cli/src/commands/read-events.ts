/* Server-sent events out of a body, one after the other. Nothing is read ahead: who is slow slows the sender, not this memory. */

export interface SentEvent {
  readonly name: string;
  readonly data: string;
}

/** A frame is far smaller; what grows beyond is no stream of events. */
const FRAME_LENGTH_MAX = 1024 * 1024;

/** `onSign`: called with each piece that comes, comments too. */
export async function* readEvents(body: AsyncIterable<Uint8Array>, onSign: () => void): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    onSign();
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    if (text.length > FRAME_LENGTH_MAX) throw new Error('this is no stream of events');
    for (const frame of frames) {
      const event = readFrame(frame);
      if (event !== null) yield event;
    }
  }
}

function readFrame(frame: string): SentEvent | null {
  let [name, data]: [string, string | null] = ['message', null];
  for (const line of frame.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7);
    else if (line.startsWith('data: ')) data = data === null ? line.slice(6) : `${data}\n${line.slice(6)}`;
  }
  return data === null ? null : { name, data };
}
