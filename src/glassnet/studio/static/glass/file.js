// A picture of one's own: chosen from a disk, or dropped. It stays on this machine, in the studio's memory.
import { html, useState } from "../parts/html.js";
import { send } from "../parts/api.js";
import { Wrong } from "../parts/show.js";

// {take(file), name, error, busy}: sends a file and calls `choose` with the id that it got.
export function useFile(choose) {
  const [state, setState] = useState({ name: "", error: "", busy: false });
  const take = (file) => {
    if (!file) return;
    setState({ name: file.name, error: "", busy: true });
    send("/api/pictures", file).then((found) => {
      setState({ name: `${file.name}, ${found.width} × ${found.height} pixels`, error: "", busy: false });
      choose(found.id);
    }, (error) => setState({ name: "", error: `${file.name} cannot be opened. ${error.message}`, busy: false }));
  };
  return { ...state, take };
}

// `words` name the picture that is looked at; `file` comes from useFile.
export default function File({ words, file }) {
  const mine = /^[0-9a-f]{16}$/.test(words);
  return html`<div class="glass-file">
    <div class="glass-drop">
      ${mine ? html`<img src=${`/api/pictures/${words}.png`} alt="Your picture" />` : html`<p>Drop a picture anywhere on this page, or choose one.</p>`}
    </div>
    <label class="button" for="glass-file">Choose a picture</label>
    <input class="hidden" id="glass-file" type="file" accept="image/*" onChange=${(event) => { file.take(event.target.files[0]); event.target.value = ""; }} />
    <p class="note" role="status">${file.busy ? `Reading ${file.name} …` : file.name}</p>
    <${Wrong} text=${file.error} />
    <p class="note">It stays on this machine and is forgotten when the studio closes.</p>
  </div>`;
}
