import { COMMON_ERRORS, problemExamples } from '../schemas/problem-examples.ts';
import { anyProblem, ok } from '../schemas/response.ts';
import { Usage, UsageParameters } from '../schemas/usage.ts';

export const getUsageSchema = {
  operationId: 'getUsage',
  tags: ['Runs'],
  summary: 'Read what runs have used',
  description:
    'Returns the number of runs by status, their tokens, cost and latency in a range of UTC dates, for each group and ' +
    'in total. A run counts on the date on which it started. Ended runs of deleted tickets stay in the sums.',
  querystring: UsageParameters,
  response: {
    200: ok(Usage, 'The sums.'),
    default: anyProblem,
  },
  errors: problemExamples([...COMMON_ERRORS], [{ loc: ['query', 'from'], msg: 'must not be after to' }]),
};
