export { CallJudge } from './call-judge.js';
export { JudgeModule } from './judge.module.js';
export { Judgement } from './judgement.js';
