// The cheap sanity checks, which run at every evaluation. docs/sanity-checks.md explains each by its name.

import { type Checked, checked, flagsOf, type Measured, type Probe } from './diagnostics/diagnostic.ts';
import { firstOf, known, tidied } from './diagnostics/probing.ts';
import { batchChecks, curveChecks } from './diagnostics/registry.ts';

export { type Checked, flagsOf, type Measured };

/** What the checks of curves find, a list for each curve; all curves must be of the same images and epsilons. */
export function checkCurves(all: readonly Measured[]): Checked[][] {
  return all.map((measured) =>
    curveChecks.map((check) => checked(check, check.check(measured, all), measured.curve.attack)),
  );
}

/** What the checks of the net itself find, whatever the attack, by some thirty passes of at most eight images. */
export function checkNet(probe: Probe): Checked[] {
  return tidied(() => {
    const first = known(firstOf(probe));
    return batchChecks.map((check) => {
      const random = probe.random.stream(check.name);
      const finding = tidied(() => check.check({ ...first, random }));
      return checked(check, finding);
    });
  });
}

/** The flags of each curve, in order. */
export function raiseFlags(all: readonly Measured[]): string[][] {
  return checkCurves(all).map(flagsOf);
}
