// State that stands in the address, so that it can be reloaded and shared. The page moves at once; the address follows a moment later,
// because a browser takes only so many changes of it while a slider moves.
//   const [rate, setRate] = useShared("rate", 0.03);
import { useCallback, useEffect, useRef, useState } from "../../parts/html.js";
import { put, useRoute } from "../../parts/router.js";

const DELAY = 250;

// A text stands in the address as it is, all else as JSON; what stands there and is of another kind than `start` is not taken.
function read(text, start) {
  if (text === null) return start;
  if (typeof start === "string") return text;
  try {
    const found = JSON.parse(text);
    const fits = start === null || (typeof found === typeof start && found !== null && Array.isArray(found) === Array.isArray(start));
    return fits ? found : start;
  } catch {
    return start;
  }
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value));

export function useShared(key, start) {
  const { query } = useRoute();
  const text = query.get(key);
  const [value, setValue] = useState(() => read(text, start));
  const work = useRef({ timer: 0, seen: text, value });

  useEffect(() => {  // the way back, or a link to another state of the same page
    const own = work.current;
    if (text === own.seen) return;
    own.seen = text;
    clearTimeout(own.timer);
    own.value = read(text, start);
    setValue(own.value);
  }, [text]);
  useEffect(() => () => clearTimeout(work.current.timer), []);

  const set = useCallback((given) => {
    const own = work.current;
    const next = typeof given === "function" ? given(own.value) : given;
    own.value = next;
    setValue(next);
    clearTimeout(own.timer);
    own.timer = setTimeout(() => {
      own.seen = written(next) === written(start) || next === "" ? null : written(next);
      put({ [key]: own.seen });
    }, DELAY);
  }, [key]);
  return [value, set];
}
