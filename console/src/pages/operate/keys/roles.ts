import { words } from "../../../state/language";

const say = words({
  ProjectEditor: { en: "everything but the admin API", ko: "관리 API를 뺀 모든 일" },
  ProjectViewer: {
    en: "read indexes, records and metrics; embed and rerank",
    ko: "인덱스, 레코드, 지표 읽기, 임베딩과 재정렬",
  },
  ControlPlaneEditor: {
    en: "create, change and delete indexes, backups and collections; read metrics, settings, logs and the audit",
    ko: "인덱스, 백업, 컬렉션 만들기, 변경, 삭제, 지표와 설정, 로그, 감사 기록 읽기",
  },
  ControlPlaneViewer: { en: "read their descriptions, and metrics", ko: "인덱스 정보와 지표 읽기" },
  DataPlaneEditor: { en: "read and write records; embed and rerank", ko: "레코드 읽기와 쓰기, 임베딩과 재정렬" },
  DataPlaneViewer: { en: "read records; embed and rerank", ko: "레코드 읽기, 임베딩과 재정렬" },
});

export const ROLES = [
  "ProjectEditor",
  "ProjectViewer",
  "ControlPlaneEditor",
  "ControlPlaneViewer",
  "DataPlaneEditor",
  "DataPlaneViewer",
] as const;

export const mayDo = (role: (typeof ROLES)[number]): string => say(role);
