"""Questions with the facts that a right answer holds, and questions that the texts do not answer.

A fact is a group of spellings, one of which must be in the answer and in a cited span; letters of either case count.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANSWERABLE", "HELD_OUT", "HELD_OUT_UNANSWERABLE", "KOREAN", "KOREAN_TEXT", "UNANSWERABLE", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """facts: groups of spellings; of each group one must be there."""

    text: str
    facts: tuple[tuple[str, ...], ...]


def _questions(*rows: tuple[str, str]) -> tuple[Question, ...]:
    """(question, facts), facts written as ``one|the same otherwise & another fact``."""
    return tuple(
        Question(text, tuple(tuple(part.strip().split("|")) for part in facts.split(" & "))) for text, facts in rows
    )


ANSWERABLE = _questions(
    ("Which exception does check_output raise when the exit code of the command is not zero?", "CalledProcessError"),
    ("What is the initial state of the flag of a threading event?", "false"),
    ("What is the default value of a semaphore's counter?", "1"),
    ("Which hash is used by uuid5 to generate a UUID?", "SHA-1"),
    ("Which hash is used by uuid3 to generate a UUID?", "MD5"),
    ("How is it checked quickly whether a file is a ZIP file?", "magic number"),
    ("What does calendar.leapdays return?", "number of leap years"),
    ("What does calendar.monthrange return?", "weekday & number of days"),
    ("Who has to delete the temporary directory that mkdtemp creates?", "caller"),
    ("Which characters does the URL-safe Base64 alphabet use instead of plus and slash?", "'-' & '_'"),
    ("What happens in asyncio wait_for when a timeout occurs?", "cancels the task|TimeoutError"),
    ("Does heapq.merge pull all the data into memory at once?", "does not pull|generator"),
    ("Which item does the heappop method return?", "smallest"),
    ("What must the arguments of a function cached with lru_cache be?", "hashable"),
    ("What happens to configuration files that cannot be opened by ConfigParser.read?", "ignored"),
    ("What happens when the maxsize of lru_cache is None?", "without bound|disabled"),
    ("How can I suppress specified exceptions in a with statement?", "suppress"),
    ("What number is Monday for the weekday method of a date?", "0"),
    ("What number is Monday for the isoweekday method of a date?", "1"),
    ("What is the value of the ratio method of SequenceMatcher if the sequences are identical?", "1"),
    ("Which attributes does the result of shutil.disk_usage have?", "total & used & free"),
    ("Which archive formats can shutil.make_archive create?", "zip & tar"),
    ("What does shutil.which return if there is no such file?", "None"),
    ("In which order does a PriorityQueue retrieve entries?", "lowest first"),
    ("Which entries does a LifoQueue retrieve first?", "most recently added"),
    ("Does random.randint include both end points?", "including both end points"),
    ("Is random.gauss thread-safe?", "not thread-safe"),
    ("How is the median computed when the number of data points is even?", "average of the two middle|interpolated"),
    ("What does fmean raise when the input dataset is empty?", "StatisticsError"),
    ("What happens when a RotatingFileHandler's current file reaches a certain size?", "switches|next"),
    ("To how many decimal places does assertAlmostEqual round by default?", "7"),
    ("Which error does inspect.getsource raise if the source code cannot be retrieved?", "OSError"),
    ("What does platform.system return if the value cannot be determined?", "empty string"),
    ("What does Path.touch do?", "create"),
    ("What does with_suffix do if the given suffix is an empty string?", "remove"),
    ("Which error is raised by static_order of a TopologicalSorter if a cycle is detected?", "CycleError"),
    ("Which environment variables does get_terminal_size check?", "COLUMNS & LINES"),
    ("Which literal structures may ast.literal_eval evaluate?", "strings & numbers & tuples"),
    ("What is an instance of Telnet initially not, and which method must be used to change that?", "open"),
    ("What does the TemporaryDirectory context manager do upon exiting the context?", "removed|removes"),
)

UNANSWERABLE = (
    "What is the capital of France?",
    "Who won the football world cup in 2018?",
    "How long should I bake sourdough bread?",
    "How do I install Django with PostgreSQL support?",
    "Which function of pandas reads a Parquet file?",
    "What is the default port of a Redis server?",
    "How do I train a convolutional neural network in PyTorch?",
    "Which vaccine protects against measles?",
    "How do I create a Kubernetes deployment?",
    "What is the boiling point of ethanol?",
    "How many employees does Microsoft have?",
    "How do I write a trait implementation in Rust?",
    "When was the Eiffel Tower built?",
    "What does the useState hook of React return?",
    "How do I rebase a git branch onto main?",
    "Who painted the Mona Lisa?",
    "What is the salary of a software engineer in Berlin?",
    "How do I plot a histogram with matplotlib?",
    "How do I declare a goroutine in Go?",
    "What is the weather like in Seoul tomorrow?",
)

HELD_OUT = _questions(
    ("What does random.shuffle return?", "None"),
    ("Which exception does OrderedDict.move_to_end raise if the element does not exist?", "KeyError"),
    ("What does statistics.stdev return?", "square root"),
    ("What can stdev of a sample be computed from when the mean is known already: which optional argument?", "xbar"),
    ("How is the string of secrets.token_urlsafe encoded?", "Base64"),
    ("Which values of the default of quote in urllib.parse for safe?", "'/'"),
    ("What happens to a NamedTemporaryFile when it is closed?", "deleted"),
    ("Which characters does html.escape replace?", "& & < & >"),
    ("What does difflib's ratio give if two sequences have nothing in common?", "0"),
    ("What does the join method of a thread raise if it would join the current thread?", "RuntimeError"),
    ("How many components does urlparse parse a URL into?", "6"),
    ("Which HTTP commands does SimpleHTTPRequestHandler handle?", "GET & HEAD"),
    ("What does pathlib's expanduser do if the user is unknown?", "nothing"),
    ("Which database does getpass.getuser look into after the environment?", "password database"),
    ("How does fmean compare with mean in speed?", "faster"),
    ("What does the release method of an unlocked asyncio lock raise?", "RuntimeError"),
    ("What type of object does the csv Sniffer return?", "Dialect"),
    ("What does the testzip method of a ZipFile check?", "CRC"),
    ("What does cpu_count return?", "number of CPUs"),
    ("What is the exponent of a decimal after quantize?", "exp"),
)

HELD_OUT_UNANSWERABLE = (
    "Which river flows through Vienna?",
    "How do I configure nginx as a reverse proxy?",
    "What is the airspeed of an unladen swallow?",
    "How do I sort a slice in Go?",
    "Which company makes the iPhone?",
    "How do I define a Helm chart?",
    "What is the mass of the moon?",
    "How do I compile a TypeScript project?",
    "Who wrote the novel War and Peace?",
    "How many calories does an apple have?",
)
KOREAN_TEXT = ""
KOREAN: tuple[Question, ...] = ()
