import { useState } from 'preact/hooks';

/** State that survives a reload. What can't be read, or is of an older page, gives way to the `initial` value. */
export function useStored<Value>(name: string, initial: Value): readonly [Value, (value: Value) => void] {
  const key = `gapwatch-demo:${name}`;
  const [value, setValue] = useState<Value>(() => read(key, initial));
  const store = (next: Value) => {
    setValue(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // A browser that stores nothing still shows the page.
    }
  };
  return [value, store];
}

function read<Value>(key: string, initial: Value): Value {
  try {
    const text = localStorage.getItem(key);
    const value: Value = text === null ? initial : JSON.parse(text);
    return typeof value === typeof initial ? value : initial;
  } catch {
    return initial;
  }
}
