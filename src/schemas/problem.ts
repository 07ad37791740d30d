import { type Static, Type } from '@sinclair/typebox';
import { ERROR_CODES } from '../errors.ts';
import { StringEnum } from './text.ts';

/** An error as RFC 9457 describes it, with the members that this service adds. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '`about:blank`: the status says what kind of problem it is.' }),
    title: Type.String({ description: "The status code's name." }),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, for people.' }),
    code: StringEnum(ERROR_CODES, { description: 'What happened, for programs: a stable word.' }),
    errors: Type.Optional(
      Type.Array(Type.Object({ loc: Type.Array(Type.String()), msg: Type.String() }), {
        description: 'With status 422: each field that is wrong, and how.',
      }),
    ),
    request_id: Type.String({ description: 'The `reqId` of the log line that says more; also in `X-Request-Id`.' }),
    openai_request_id: Type.Optional(Type.String({ description: "The provider's id of the call that failed." })),
  },
  { $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;
