// The robustness curves of a run: of its epochs, and of evaluations of its checkpoints.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../errors.ts';
import type { CurveData, DiagnosisData, MeasuredData, PointData } from '../../report/page/data.ts';
import { intervalOf } from '../../robustness/interval.ts';
import type { Evaluation } from '../evaluate.ts';

/** In the order of epochs, then of the names of evaluations. */
export async function readMeasured(run: string): Promise<MeasuredData[]> {
  const names = await filesIn(join(run, 'curves'));
  const epochs = names.filter((name) => /^epoch-\d+\.json$/.test(name));
  const ofEpochs = epochs.map(async (name): Promise<MeasuredData> => {
    const file = join(run, 'curves', name);
    const { epoch, curves, worst, control, flags } = await readJson<Written & { epoch?: number }>(file);
    const corruptions = name.replace('.json', '-corruptions.json');
    return {
      label: `validation, epoch ${epoch}`,
      ...(epoch !== undefined && { epoch }),
      curves: curves.map(slim),
      ...(flags && { flags }),
      ...(worst && { worst: slim(worst) }),
      ...(control && { control }),
      ...(names.includes(corruptions) && {
        corruptions: await readJson<NonNullable<MeasuredData['corruptions']>>(
          join(run, 'curves', corruptions),
        ),
      }),
    };
  });
  return [...(await Promise.all(ofEpochs)), ...(await readEvaluations(run))];
}

async function readEvaluations(run: string): Promise<MeasuredData[]> {
  const directory = join(run, 'evaluations');
  const names = (await filesIn(directory)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map(async (name): Promise<MeasuredData> => {
      const evaluation = await readJson<WrittenEvaluation>(join(directory, name));
      const { split, robustness, corruptions, control } = evaluation;
      const clean = finiteOf(evaluation.clean);
      return {
        label: labelOf(name, split),
        clean,
        ...(clean.accuracy !== undefined && {
          cleanIntervals: { accuracy: shareInterval(clean.accuracy, evaluation.images) },
        }),
        curves: (robustness?.curves ?? []).map(slim),
        ...(robustness && { worst: slim(robustness.worst) }),
        ...(robustness?.flags && { flags: robustness.flags }),
        ...(corruptions && { corruptions }),
        ...(control && { control }),
      };
    }),
  );
}

/** JSON has null for what is not finite, such as the AUROC of a single class: it is left out. */
function finiteOf(clean: WrittenEvaluation['clean']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(clean).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

/** The interval of a share of `count` images. */
function shareInterval(share: number, count: number) {
  const hits = Math.round(share * count);
  return intervalOf(Array.from({ length: count }, (_, i) => (i < hits ? 1 : 0)));
}

/** `test-best.json`: `test, best checkpoint`; `test-best-l0.json`, in another norm: `test, best checkpoint, l0`. */
function labelOf(file: string, split: string): string {
  const [checkpoint = '', ...norm] = file.slice(split.length + 1, -'.json'.length).split('-');
  const which = /^\d+$/.test(checkpoint) ? `epoch ${checkpoint}` : `${checkpoint} checkpoint`;
  return [split, which, ...norm].join(', ');
}

/** What `medrobust diagnose` wrote about checkpoints of the run. */
export async function readDiagnoses(run: string): Promise<DiagnosisData[]> {
  const directory = join(run, 'diagnoses');
  const names = (await filesIn(directory)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map(async (name) => {
      const { split, flags, checks } = await readJson<Omit<DiagnosisData, 'label'> & { split: string }>(
        join(directory, name),
      );
      return { label: labelOf(name, split), flags, checks };
    }),
  );
}

/** Curves as files hold them; what some versions did not write is optional. */
interface Written {
  readonly curves: readonly WrittenCurve[];
  readonly worst: WrittenCurve;
  readonly control?: NonNullable<MeasuredData['control']>;
  readonly flags?: readonly string[];
}

interface WrittenEvaluation extends Omit<Evaluation, 'robustness' | 'clean'> {
  readonly clean: Readonly<Record<string, number | null>>;
  readonly robustness?: Written;
}

interface WrittenCurve extends Omit<CurveData, 'points' | 'classes' | 'unseen'> {
  readonly points: readonly (PointData & {
    readonly perturbation?: { readonly psnr: number | null; readonly l2: number; readonly linf: number };
  })[];
  readonly classes?: readonly {
    readonly class: string;
    readonly images: number;
    readonly values: readonly number[];
  }[];
  readonly unseen?: { readonly epsilon: number };
}

/** What the page shows of a curve. */
function slim(curve: WrittenCurve): CurveData {
  const { attack, norm, metric, points, raw, images, cost, median, unseen, flags = [], classes } = curve;
  return {
    ...{ attack, norm, metric, images, flags },
    points: points.map(({ epsilon, value, low, high, ssim, perturbation }) => ({
      ...{ epsilon, value },
      ...(low !== undefined && { low }),
      ...(high !== undefined && { high }),
      ...(ssim !== undefined && { ssim }),
      ...(perturbation && { l2: perturbation.l2, linf: perturbation.linf }),
      // JSON has no infinity: where nothing changed, it is null.
      ...(typeof perturbation?.psnr === 'number' && { psnr: perturbation.psnr }),
    })),
    ...(raw && { raw }),
    ...(cost && { cost }),
    ...(median !== undefined && { median }),
    ...(unseen && { unseen: unseen.epsilon }),
    ...(classes && { classes: classes.map(({ class: name, ...rest }) => ({ name, ...rest })) }),
  };
}

async function filesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Throws `RunError` for a file that is not JSON. */
async function readJson<T>(file: string): Promise<T> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RunError(`${file}: expected JSON (${error.message}). Delete it, or write it again.`);
  }
}
