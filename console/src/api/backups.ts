/** Backups, what is restored from them, and the schedules that make them. */

import type { Call } from "./client";
import { of } from "./indexes";

const PAGE = 100;

export interface Backup {
  readonly backup_id: string;
  readonly source_index_name: string;
  readonly source_index_id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly record_count: number;
  readonly namespace_count: number;
  readonly size_bytes: number;
  readonly created_at: string;
  readonly metric?: string;
  readonly dimension?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RestoreJob {
  readonly restore_job_id: string;
  readonly backup_id: string;
  readonly target_index_name: string;
  readonly status: "Pending" | "InProgress" | "Completed" | "Failed";
  readonly created_at: string;
  readonly completed_at?: string;
  readonly percent_complete?: number;
}

export const FREQUENCIES = ["daily", "weekly", "monthly"] as const;
export type Frequency = (typeof FREQUENCIES)[number];
export const LONGEST_RETENTION = 3_650;

export interface Schedule {
  readonly schedule_id: string;
  readonly name: string;
  readonly frequency: Frequency;
  readonly retention_expire_after_days: number;
  readonly enabled: boolean;
  readonly next_scheduled_run: string | null;
  readonly created_at: string;
}

export const listBackups = (): Call => ({ method: "GET", path: "/backups", query: { limit: PAGE } });
export const listIndexBackups = (index: string): Call => ({
  method: "GET",
  path: of(index, "/backups"),
  query: { limit: PAGE },
});
export const createBackup = (index: string, body: { name: string; description: string }): Call => ({
  method: "POST",
  path: of(index, "/backups"),
  body,
});
export const deleteBackup = (id: string): Call => ({ method: "DELETE", path: `/backups/${encodeURIComponent(id)}` });

export interface Restoring {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly deletion_protection?: "enabled";
}
export const restoreBackup = (id: string, body: Restoring): Call => ({
  method: "POST",
  path: `/backups/${encodeURIComponent(id)}/create-index`,
  body,
});
export const listJobs = (): Call => ({ method: "GET", path: "/restore-jobs", query: { limit: PAGE } });
export const isOpen = (job: RestoreJob): boolean => job.status === "Pending" || job.status === "InProgress";

export const listSchedules = (index: string): Call => ({
  method: "GET",
  path: of(index, "/backup-schedules"),
  query: { limit: PAGE },
});
export const createSchedule = (index: string, name: string, frequency: Frequency, days: number): Call => ({
  method: "POST",
  path: of(index, "/backup-schedules"),
  body: { name, schedule: { type: "time-based", frequency }, retention: { expire_after_days: days } },
});
export const enableSchedule = (id: string, enabled: boolean): Call => ({
  method: "PATCH",
  path: `/backup-schedules/${encodeURIComponent(id)}`,
  body: { enabled },
});
export const deleteSchedule = (id: string): Call => ({
  method: "DELETE",
  path: `/backup-schedules/${encodeURIComponent(id)}`,
});
