// Messages of TensorBoard's HParams plug-in. Each is metadata: what it says is in the content of the plug-in's data.

import { bytesField, doubleField, integerField, messageField } from './protobuf.ts';

export type Hyperparameters = Readonly<Record<string, number | string | boolean>>;

export const experimentTag = '_hparams_/experiment';
export const sessionStartTag = '_hparams_/session_start_info';
export const sessionEndTag = '_hparams_/session_end_info';

// tensorboard.hparams.HParamsPluginData; its version is 0, which is not written.
const experimentField = 2;
const sessionStartField = 3;
const sessionEndField = 4;

// tensorboard.hparams.DataType
const dataTypes = { string: 1, boolean: 2, number: 3 };

/** google.protobuf.Value. */
function valueFields(value: number | string | boolean): Uint8Array[] {
  if (typeof value === 'number') return [doubleField(2, value)];
  return [typeof value === 'string' ? bytesField(3, value) : integerField(4, value ? 1 : 0)];
}

const typeOf = (value: number | string | boolean) => dataTypes[typeof value as keyof typeof dataTypes];

/** Which hyperparameters and which scalars are the columns of the table: for all sessions below the log directory. */
export function encodeExperiment(values: Hyperparameters, metrics: readonly string[]): Uint8Array {
  const hparams = Object.entries(values).map(([name, value]) =>
    messageField(4, [bytesField(1, name), integerField(4, typeOf(value))]),
  );
  const scalars = metrics.map((tag) => messageField(5, [messageField(1, [bytesField(2, tag)])]));
  return messageField(experimentField, [...hparams, ...scalars]);
}

export function encodeSessionStart(values: Hyperparameters, seconds: number): Uint8Array {
  const hparams = Object.entries(values).map(([name, value]) =>
    messageField(1, [bytesField(1, name), messageField(2, valueFields(value))]),
  );
  return messageField(sessionStartField, [...hparams, doubleField(5, seconds)]);
}

/** tensorboard.hparams.Status */
const statuses = { success: 1, failure: 2 };

export function encodeSessionEnd(status: keyof typeof statuses, seconds: number): Uint8Array {
  return messageField(sessionEndField, [integerField(1, statuses[status]), doubleField(2, seconds)]);
}
