import fc from 'fast-check';

/**
 * fast-check with one seed, so that a law is tried on the same cases in every run. `STRATA_LAW_SEED=<number>` tries others, and
 * `STRATA_LAW_SEED=random` new ones each time; the report of a failure names its seed.
 */
const wanted = process.env.STRATA_LAW_SEED ?? '1';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number.parseInt(wanted, 10) });

export default fc;
