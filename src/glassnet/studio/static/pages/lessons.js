// The lessons in their order, and the run of the reader's own that their questions are made of.
import { html, useEffect } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { put } from "../parts/router.js";
import { Wrong } from "../parts/show.js";
import { RunChoice, chosen } from "../lessons/parts/run.js";

export default function Lessons({ query }) {
  const { value, error } = useAnswer("/api/lessons");
  const given = query.get("run");
  const run = chosen(query);
  useEffect(() => {  // who has trained a network begins with it
    if (value && given === null && value.runs.length) put({ run: value.runs[0].id });
  }, [value, given]);
  return html`
    <h1>Lessons</h1>
    <p class="lead">From the numbers of a picture to a network of your own. Each is a short page to try things on, and each figure on it is computed by the same code that trains your networks.</p>
    <${Wrong} text=${error} />
    <${RunChoice} runs=${value ? value.runs : null} run=${run} />
    ${value ? html`<ol class="lessons plain">${value.lessons.map((lesson, i) => html`<li key=${lesson.name}>
      <span class="lesson-order" aria-hidden="true">${i + 1}</span>
      <div><h2><a href=${`/lesson/${lesson.name}${given === null ? "" : `?run=${given}`}`}>${lesson.title}</a></h2>
        <p class="note">${lesson.teaches.split(/(?<=\.) /)[0]}</p></div></li>`)}</ol>`
      : error ? null : html`<p class="note" role="status">Loading …</p>`}`;
}
