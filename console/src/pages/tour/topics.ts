/** The topics alone, for menus; the texts come when they are needed. */
export const TOPICS = [
  "food",
  "weather",
  "animals",
  "space",
  "music",
  "sport",
  "travel",
  "health",
  "money",
  "school",
  "computers",
  "garden",
  "history",
  "sea",
  "family",
  "films",
  "transport",
  "home",
  "sleep",
  "language",
] as const;
export type Topic = (typeof TOPICS)[number];
