import { bytesField, messageField } from './protobuf.ts';

/** A group of charts on TensorBoard's custom scalars page. */
export interface ChartCategory {
  readonly title: string;
  readonly charts: readonly {
    readonly title: string;
    /** Regular expressions, in Python's syntax, that match from the start of a tag; a line for each tag matched. */
    readonly tags: readonly string[];
  }[];
}

/** tensorboard.Layout, serialised. */
export function encodeLayout(categories: readonly ChartCategory[]): Uint8Array {
  const encoded = categories.map(({ title, charts }) =>
    messageField(2, [
      bytesField(1, title),
      ...charts.map((chart) =>
        messageField(2, [
          bytesField(1, chart.title),
          messageField(
            2,
            chart.tags.map((tag) => bytesField(1, tag)),
          ),
        ]),
      ),
    ]),
  );
  return Buffer.concat(encoded);
}
