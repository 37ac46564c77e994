// What a page shows: plain data, embedded in it as JSON. Fields that a run may lack are optional.

export interface PageData {
  readonly title: string;
  /** When the data were read, ISO 8601. */
  readonly made: string;
  readonly runs: readonly RunData[];
  /** By the name that a flag begins with. */
  readonly notes: Readonly<Record<string, FlagNote>>;
  /** Of several runs. */
  readonly comparison?: Comparison;
}

export interface FlagNote {
  readonly raised: string;
  readonly explanation: string;
  readonly advice: string;
}

export interface RunData {
  /** `<experiment>/<run>`. */
  readonly id: string;
  readonly experiment: string;
  readonly net: string;
  readonly seed: number;
  readonly epochs: number;
  /** The first is the metric of the curves. */
  readonly metrics: readonly string[];
  readonly status: 'running' | 'finished' | 'stopped';
  /** As it is typed. */
  readonly command?: string;
  /** What the run began with: a word and what it is. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** experiment.json. */
  readonly definition: string;
  readonly records: readonly RecordData[];
  readonly best?: Best;
  readonly robustBest?: Best;
  /** Ascending in epochs; then what `evaluate` measured. */
  readonly measured: readonly MeasuredData[];
  readonly diagnoses: readonly DiagnosisData[];
  readonly gallery?: GalleryData;
  readonly checkpoints: readonly CheckpointData[];
}

export interface RecordData {
  readonly epoch: number;
  readonly step: number;
  readonly measurements: Readonly<Record<string, number>>;
}

export interface Best {
  readonly measurement: string;
  /** Where it is the mean of several: these. */
  readonly parts?: readonly string[];
  readonly better: 'higher' | 'lower';
  readonly epoch: number;
  readonly value: number;
}

/** One measurement of robustness: an epoch's, or one by `evaluate`. */
export interface MeasuredData {
  /** `validation, epoch 8`, `test, best checkpoint`. */
  readonly label: string;
  readonly epoch?: number;
  /** `loss` and metrics of the whole split; of an evaluation. */
  readonly clean?: Readonly<Record<string, number>>;
  /** 95 % intervals of `clean`, for the draw of the images; of shares. */
  readonly cleanIntervals?: Readonly<Record<string, { readonly low: number; readonly high: number }>>;
  readonly curves: readonly CurveData[];
  readonly worst?: CurveData;
  /** What makes the net itself doubtful. */
  readonly flags?: readonly string[];
  /** Noise as visible as the worst case. */
  readonly control?: { readonly noise: string; readonly points: readonly PointData[] };
  readonly corruptions?: {
    readonly metric: string;
    readonly images: number;
    readonly clean: number;
    readonly mean: number;
    readonly points: readonly {
      readonly corruption: string;
      readonly severity: number;
      readonly value: number;
    }[];
  };
}

export interface PointData {
  readonly epsilon: number;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly ssim?: number;
  readonly psnr?: number;
  readonly l2?: number;
  readonly linf?: number;
}

export interface CurveData {
  readonly attack: string;
  readonly norm: string;
  readonly metric: string;
  readonly points: readonly PointData[];
  readonly raw?: readonly number[];
  readonly images: number;
  readonly cost?: { readonly gradients: number; readonly forwards: number; readonly seconds: number };
  /** The smallest epsilon that fools the net on half of the images; null where none does. */
  readonly median?: number | null;
  /** The largest epsilon of which nothing is seen. */
  readonly unseen?: number;
  readonly flags: readonly string[];
  /** The metric of each class, at the epsilons of `points`. */
  readonly classes?: readonly ClassData[];
}

/** What `medrobust diagnose` found. */
export interface DiagnosisData {
  /** `test, best checkpoint`. */
  readonly label: string;
  readonly flags: readonly string[];
  readonly checks: readonly {
    readonly name: string;
    readonly attack?: string;
    readonly figure: string;
    readonly verdict: string;
    readonly value?: number | null;
    readonly threshold?: number;
    readonly text?: string;
  }[];
}

export interface ClassData {
  readonly name: string;
  readonly images?: number;
  readonly values: readonly number[];
}

export interface GalleryData {
  readonly epoch: number;
  readonly norm: string;
  readonly epsilon: number;
  /** Names and colours of what predictions show; empty in classification. */
  readonly key: readonly { readonly name: string; readonly colour: string }[];
  readonly rows: readonly GalleryRowData[];
  /** In the place of rows, in runs that kept no more: one picture of all, a data URI. */
  readonly picture?: string;
}

export interface GalleryRowData {
  readonly id: string;
  readonly truth: string;
  /** The true mask, laid over the images. */
  readonly labels?: string;
  readonly clean: SeenData;
  readonly adversarial: readonly AdversarialData[];
}

/** An image and what the net made of it; pictures are PNG data URIs. */
export interface SeenData {
  readonly image: string;
  readonly width: number;
  readonly height: number;
  /** The class, or how much of the image is not background. */
  readonly found: string;
  /** The predicted mask, laid over the image. */
  readonly prediction?: string;
}

export interface AdversarialData extends SeenData {
  readonly attack: string;
  readonly difference: string;
  /** By how much the difference is magnified. */
  readonly factor: number;
  readonly ssim: number;
  readonly linf: number;
  readonly l2: number;
  /** The share of pixels that changed. */
  readonly l0: number;
}

export interface CheckpointData {
  readonly name: string;
  readonly epoch: number;
  readonly why: readonly string[];
  readonly bytes: number;
  /** Measurements of that epoch: the robust measure and the metrics. */
  readonly values: readonly (readonly [name: string, value: number])[];
}

export interface Comparison {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** SVG: generalisation × robustness. */
  readonly plane?: { readonly picture: string; readonly summary: string };
}
