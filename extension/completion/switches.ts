// Whether suggestions are wanted: two settings, and a snooze that lasts as long as this window.
// Owns the snooze; the settings themselves are read and written in settings.ts.

import * as vscode from 'vscode';
import { completionSettings, setCompletions, setCompletionsFor } from '../settings.js';

export type SwitchState =
  | { kind: 'on' }
  | { kind: 'off' }
  | { kind: 'untrusted' }
  | { kind: 'offForLanguage'; languageId: string }
  | { kind: 'snoozed'; until: Date };

export class Switches implements vscode.Disposable {
  private snoozedUntil: Date | undefined;
  private wakeUp: NodeJS.Timeout | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  /** What `stateFor` says may be another. */
  readonly onDidChange = this.changed.event;

  constructor() {
    this.subscriptions = [
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('leoam.completion')) {
          this.changed.fire();
        }
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire()),
      this.changed,
    ];
  }

  /**
   * Whether suggestions are wanted in a language; without one, whether they are at all. What
   * lasts longest comes first: a snooze ends by itself.
   */
  stateFor(languageId?: string): SwitchState {
    if (!completionSettings().enabled) {
      return { kind: 'off' };
    }
    if (!vscode.workspace.isTrusted) {
      return { kind: 'untrusted' };
    }
    if (languageId !== undefined && !completionSettings(languageId).enabled) {
      return { kind: 'offForLanguage', languageId };
    }
    // A timer stands still while the machine sleeps.
    return this.snoozedUntil === undefined || this.snoozedUntil <= new Date()
      ? { kind: 'on' }
      : { kind: 'snoozed', until: this.snoozedUntil };
  }

  /** Turned on, they come at once: a snooze ends with it. */
  async toggle(): Promise<void> {
    const enabled = this.stateFor().kind === 'off';
    if (enabled) {
      this.endSnooze();
    }
    await setCompletions(enabled);
    await hideUnless(enabled);
  }

  async toggleLanguage(languageId: string): Promise<void> {
    const { enabledForLanguage } = completionSettings(languageId);
    await setCompletionsFor(languageId, !enabledForLanguage);
    await hideUnless(!enabledForLanguage);
  }

  async snooze(minutes: number): Promise<void> {
    clearTimeout(this.wakeUp);
    const ms = minutes * 60_000;
    this.snoozedUntil = new Date(Date.now() + ms);
    this.wakeUp = setTimeout(() => this.endSnooze(), ms);
    this.changed.fire();
    await hideUnless(false);
  }

  endSnooze(): void {
    clearTimeout(this.wakeUp);
    this.snoozedUntil = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.wakeUp);
    this.subscriptions.forEach((subscription) => void subscription.dispose());
  }
}

/** What is on screen would stay there until the next key. */
async function hideUnless(wanted: boolean): Promise<void> {
  if (!wanted) {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
  }
}
