// The questions at the end of a lesson, made of the reader's own run where one is chosen; the server checks the answers.
import { html, freshId, useMemo, useState } from "../../parts/html.js";
import { post, useAnswer } from "../../parts/api.js";
import { put } from "../../parts/router.js";
import { Wrong } from "../../parts/show.js";

export function Questions({ lesson, run, query }) {
  const seed = /^\d{1,9}$/.test(query.get("seed") || "") ? Number(query.get("seed")) : 0;
  const { value, error } = useAnswer(`/api/lessons/${lesson}/questions?${new URLSearchParams({ run, seed })}`);
  const fresh = value && value.seed === seed;
  return html`<section class="questions" aria-labelledby="questions-title">
    <h2 id="questions-title">Questions</h2>
    <p class="note" role="status">${!value ? (error ? "" : run ? "Your network is being looked through …" : "Loading …")
      : value.note ? value.note
      : value.picture ? `They are made of the numbers of your run ${value.run} and of its picture ${value.picture}. Places are counted from 0.`
      : "They are made of built-in examples. Places are counted from 0."}</p>
    <${Wrong} text=${error} />
    ${value ? html`<ol class="plain questions-asked">${value.questions.map((question, i) => html`
      <${Asked} key=${`${seed} ${i} ${question.text}`} lesson=${lesson} number=${i} question=${question} run=${run} seed=${value.seed} />`)}</ol>
      <p><button type="button" class="button" aria-disabled=${!fresh} onClick=${() => put({ seed: seed + 1 }, false)}>Other questions</button></p>` : null}
  </section>`;
}

function Asked({ lesson, number, question, run, seed }) {
  const id = useMemo(() => freshId("question"), []);
  const [answer, setAnswer] = useState("");
  const [verdict, setVerdict] = useState(null);
  const [shown, setShown] = useState(false);  // a wrong answer may be tried again before the right one is seen
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const check = (given) => {
    if (busy || String(given).trim() === "") return;
    setBusy(true);
    post(`/api/lessons/${lesson}/check`, { number, answer: given, run, seed })
      .then((found) => { setVerdict(found); setShown(found.right); setError(""); }, (wrong) => setError(wrong.message)).then(() => setBusy(false));
  };
  return html`<li class="card">
    <p id=${id}><strong>${number + 1}.</strong> ${question.text}</p>
    <form class="row" onSubmit=${(event) => { event.preventDefault(); check(answer); }}>
      ${question.choices.length ? html`<div class="row" role="group" aria-labelledby=${id}>${question.choices.map((choice) => html`
          <button type="button" class="button" aria-pressed=${answer === choice} onClick=${() => { setAnswer(choice); check(choice); }}>${choice}</button>`)}</div>`
        : html`<input type="text" class="question-answer" autocomplete="off" spellcheck=${false} maxlength="60" aria-labelledby=${id} value=${answer}
            onInput=${(event) => setAnswer(event.target.value)} />
          ${question.unit ? html`<span>${question.unit}</span>` : null}
          <button type="submit" class="button" aria-disabled=${busy}>Check</button>`}
    </form>
    <div class="verdict-place" role="status">${verdict ? html`<div class=${`verdict ${verdict.right ? "good" : "bad"}`}>
      <p><strong>${verdict.said}</strong></p>
      ${!shown ? html`<p><button type="button" class="link" onClick=${() => setShown(true)}>Show the answer</button></p>` : html`
        ${verdict.right ? null : html`<p>The answer is ${verdict.answer}.</p>`}${verdict.solution ? html`<p>${verdict.solution}</p>` : null}`}</div>` : null}</div>
    <${Wrong} text=${error} />
  </li>`;
}
