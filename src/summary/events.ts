// tensorflow.Event: the messages of an event file.

import { bytesField, doubleField, integerField, messageField } from './protobuf.ts';
import type { TensorFields } from './tensor-proto.ts';

/** What a plug-in of TensorBoard shows under `tag`. */
export interface TaggedValue {
  readonly tag: string;
  readonly plugin: keyof typeof dataClasses;
  /** What the plug-in keeps beside the tensor, in its own message. */
  readonly content?: Uint8Array;
  readonly tensor: TensorFields;
  /** Markdown, shown on request. */
  readonly description?: string | undefined;
}

// tensorboard.DataClass
const scalar = 1;
const tensor = 2;
const blobSequence = 3;
const dataClasses = {
  scalars: scalar,
  histograms: tensor,
  images: blobSequence,
  text: tensor,
  custom_scalars: tensor,
  pr_curves: tensor,
  hparams: tensor,
};

/** The first record of every file: it names the version of the format. */
export function fileVersionEvent(wallTime: number): Uint8Array {
  return Buffer.concat([
    doubleField(1, wallTime),
    bytesField(3, 'brain.Event:2'),
    messageField(10, [bytesField(1, 'medrobust')]),
  ]);
}

/** `SessionLog.START`: readers drop what earlier sessions wrote at `step` and after it. */
export function sessionStartEvent(wallTime: number, step: number): Uint8Array {
  const start = 1;
  return Buffer.concat([
    doubleField(1, wallTime),
    integerField(2, step),
    messageField(7, [integerField(1, start)]),
  ]);
}

export function valueEvent(wallTime: number, step: number, value: TaggedValue): Uint8Array {
  const content = value.content ? [bytesField(2, value.content)] : [];
  const metadata = [
    messageField(1, [bytesField(1, value.plugin), ...content]),
    ...(value.description === undefined ? [] : [bytesField(3, value.description)]),
    integerField(4, dataClasses[value.plugin]),
  ];
  const tagged = [bytesField(1, value.tag), messageField(8, value.tensor), messageField(9, metadata)];
  return Buffer.concat([
    doubleField(1, wallTime),
    integerField(2, step),
    messageField(5, [messageField(1, tagged)]),
  ]);
}

/** `graph` is a serialised `tensorflow.GraphDef`. A run has one. */
export function graphEvent(wallTime: number, graph: Uint8Array): Uint8Array {
  return Buffer.concat([doubleField(1, wallTime), bytesField(4, graph)]);
}
