/** Returns a function that runs tasks one after the other, in the order in which it was called; a task that fails does not stop the next. */
export function openSerialQueue(): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  };
}
