/** `node packages/training/src/stages/make-judge.ts`: gathers the judge's trained networks into models/judge (float16). */
import { JUDGE_FOLDER, writeJudge } from "../judge/judge-file.ts";
import { judgeWords, nameLength } from "../judge/names.ts";
import { STYLE_JUDGE, SUBJECT_JUDGE } from "../judge/network.ts";
import { openMiniData } from "./data.ts";
import { stageWeights } from "./shipped.ts";

const { subjects, hash } = await openMiniData();
await writeJudge(JUDGE_FOLDER, {
  format: "deadiff-judge", formatVersion: 1, style: STYLE_JUDGE, subject: SUBJECT_JUDGE, words: judgeWords(subjects), nameLength: nameLength(subjects), dataset: hash,
}, new Map([...(await stageWeights("judge-style")), ...(await stageWeights("judge-subject"))]));
console.log(`${JUDGE_FOLDER}: written`);
