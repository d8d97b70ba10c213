/** What Mold refuses with. `code` is the HTTP status of a synchronous answer and the `errorcode` of a failed job. */
export class ApiError extends Error {
  /**
   * @param code 401 credentials, 429 too many calls, 431 parameter, 432 not for this account, 530 everything else, 531 permission,
   *   533 capacity, 535 limit, 537 conflict
   * @param text Mold's words, recorded where there is a recording
   * @param detail the `cserrorcode`: which Java exception it was
   */
  constructor(readonly code: number, readonly text: string, readonly detail: number = 9999) {
    super(text);
    this.name = "ApiError";
  }
}

/** 431 as `InvalidParameterValueException` gives it. */
export const invalid = (text: string): ApiError => new ApiError(431, text, 4350);

/** 431 as the parameter check gives it, before the command is reached. */
export const badValue = (command: string, name: string, value: string): ApiError =>
  new ApiError(
    431,
    `Unable to execute API command ${command.toLowerCase()} due to invalid value. Invalid parameter ${name} value=${value} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`,
  );

export const forbidden = (): ApiError => new ApiError(531, "Caller does not have permission to operate with provided resource.", 4365);

export const conflict = (text: string, detail = 4360): ApiError => new ApiError(537, text, detail);

/** 530: "everything else". */
export const internal = (text: string, detail = 9999): ApiError => new ApiError(530, text, detail);

/** A job that was under way as the server was restarted ends without a result; the text is in the server's database alone. */
export const cancelled = (): ApiError => new ApiError(530, "job cancelled because of management server restart or shutdown");
export const isCancelled = ({ code, text }: { readonly code?: number; readonly text?: string }): boolean => code === 530 && text === cancelled().text;

/** The connection goes away without an answer: what an ordered fault does to a call. `code` is Node's. */
export class ConnectionDropped extends Error {
  readonly code = "ECONNRESET";
  constructor(readonly effect: "before" | "after") {
    super("socket hang up");
    this.name = "ConnectionDropped";
  }
}

/** Nobody listens: the emulator was ordered to die, or is closed. */
export class NotRunning extends Error {
  readonly code = "ECONNREFUSED";
  constructor() {
    super("connect ECONNREFUSED: the emulator is not running");
    this.name = "NotRunning";
  }
}
