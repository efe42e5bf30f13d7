import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { PageMail } from '../state.ts';
import { local } from './time.ts';

type Box = {
  readonly mails: readonly PageMail[];
  readonly read: readonly string[];
  readonly setRead: (read: readonly string[]) => void;
  readonly id: string;
};

/** The Privacy Officer's mailbox, newest first. A mail's HTML is shown in a frame that can run nothing. */
export function Mailbox({ mails, read, setRead, id }: Box) {
  const [open, setOpen] = useState<string | null>(null);
  const shown = mails.find(({ url }) => url === open);
  const show = (url: string) => () => {
    setOpen(url === open ? null : url);
    if (!read.includes(url)) setRead([...read, url]);
  };
  const unread = mails.filter(({ url }) => !read.includes(url)).length;
  return html`
    <section class="pane mailbox" id=${id} aria-label="Mailbox">
      <div class="bar"><h2>Privacy Officer’s mailbox</h2>${unread > 0 && html`<span class="count">${unread} unread</span>`}</div>
      ${mails.length === 0 && html`<p class="empty">No mail. The first one comes with the alert.</p>`}
      ${shown && html`<${Mail} mail=${shown} close=${() => setOpen(null)} />`}
      <ul class="mails">${mails.toReversed().map(
        (mail) => html`
        <li key=${mail.url}><button class=${read.includes(mail.url) ? 'plain' : 'plain unread'} aria-expanded=${mail.url === open} onClick=${show(mail.url)}>
          <time>${local(mail.at)}</time> <strong>${mail.subject}</strong> <small>to ${mail.to}${mail.attachments.length > 0 && `, ${mail.attachments.length} attached`}</small>
        </button></li>`,
      )}</ul>
    </section>`;
}

function Mail({ mail, close }: { readonly mail: PageMail; readonly close: () => void }) {
  return html`
    <article class="mail" aria-label=${mail.subject}>
      <p><strong>${mail.subject}</strong> <button class="plain" onClick=${close}>Close</button></p>
      <iframe src=${mail.url} title=${mail.subject} sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
      ${
        mail.attachments.length > 0 &&
        html`<ul class="attachments" aria-label="Attachments">${mail.attachments.map(
          ({ name, url, bytes }) =>
            html`<li><a href=${url} target="_blank">📎 ${name}</a> <small>${Math.ceil(bytes / 1_024)} KB</small></li>`,
        )}</ul>`
      }
    </article>`;
}
