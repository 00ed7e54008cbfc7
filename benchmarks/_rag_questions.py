"""Questions with the facts that a right answer holds, and questions that the texts do not answer.

A fact is a group of spellings, one of which must be in the answer and in a cited span, as whole words and in letters of
either case. The English questions were written from the docstrings alone, without a look at what a search finds. The
judged ones are of other modules than those of development, were written before anything was tuned on these, and were
asked once that was done; of the unanswerable ones most are about Python, and the sources were searched by word to see
that they do not answer.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "DEVELOPMENT",
    "DEVELOPMENT_UNANSWERABLE",
    "JUDGED",
    "JUDGED_UNANSWERABLE",
    "KOREAN",
    "KOREAN_TEXT",
    "KOREAN_UNANSWERABLE",
    "Question",
]


@dataclass(frozen=True, slots=True)
class Question:
    """facts: groups of spellings; of each group one must be there. paragraph: the number of the one that answers."""

    text: str
    facts: tuple[tuple[str, ...], ...]
    paragraph: int = -1

    def answered_by(self, text: str) -> bool:
        """Whether a text holds the facts, as words of their own."""
        plain = " ".join(text.casefold().split())
        return all(any(_there(fact.casefold(), plain) for fact in group) for group in self.facts)


def _there(fact: str, text: str) -> bool:
    """Whether a fact stands in a text, not as part of a longer word or number."""
    at = text.find(fact)
    while at >= 0:
        before, behind = text[at - 1 : at] if at else "", text[at + len(fact) : at + len(fact) + 1]
        if not (_in_word(fact[0]) and _in_word(before)) and not (_in_word(fact[-1]) and _in_word(behind)):
            return True
        at = text.find(fact, at + 1)
    return False


def _in_word(character: str) -> bool:
    """Whether a character goes on a word; behind a Korean noun there may be a particle."""
    return character.isascii() and character.isalnum()


def _questions(*rows: tuple[str, str]) -> tuple[Question, ...]:
    """(question, facts), facts written as ``one|the same otherwise & another fact``."""
    return tuple(
        Question(text, tuple(tuple(part.strip().split("|")) for part in facts.split(" & "))) for text, facts in rows
    )


DEVELOPMENT = _questions(
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
    ("What does Path.touch do?", "create this file"),
    ("What does with_suffix do if the given suffix is an empty string?", "remove"),
    ("Which error is raised by static_order of a TopologicalSorter if a cycle is detected?", "CycleError"),
    ("Which environment variables does get_terminal_size check?", "COLUMNS & LINES"),
    ("Which literal structures may ast.literal_eval evaluate?", "strings & numbers & tuples"),
    (
        "What is an instance of Telnet initially not, and which method must be used to change that?",
        "not connected & open",
    ),
    ("What does the TemporaryDirectory context manager do upon exiting the context?", "removed|removes"),
    ("What does random.shuffle return?", "None"),
    ("Which exception does OrderedDict.move_to_end raise if the element does not exist?", "KeyError"),
    ("What does statistics.stdev return?", "square root"),
    ("Which optional argument of stdev or variance is the mean that was already calculated?", "xbar"),
    ("How is the string of secrets.token_urlsafe encoded?", "Base64"),
    ("What is the default of the safe argument of urllib.parse.quote?", "'/'"),
    ("What happens to a NamedTemporaryFile when it is closed?", "deleted"),
    ("Which characters does html.escape replace?", '"&"'),
    ("What does difflib's ratio give if two sequences have nothing in common?", "0"),
    ("What does the join method of a thread raise if it would join the current thread?", "RuntimeError"),
    ("How many components does urlparse parse a URL into?", "6"),
    ("Which HTTP commands does SimpleHTTPRequestHandler handle?", "GET & HEAD"),
    ("What does expanduser do if the user is unknown?", "nothing"),
    ("Which database does getpass.getuser look into after the environment?", "password database"),
    ("How does fmean compare with mean in speed?", "faster"),
    ("What does the release method of an unlocked asyncio lock raise?", "RuntimeError"),
    ("What type of object does the csv Sniffer return?", "Dialect"),
    ("What does the testzip method of a ZipFile check?", "CRC"),
    ("What does cpu_count return?", "number of CPUs"),
    ("What is the exponent of a decimal after quantize?", "exp"),
)
"""Thresholds, weights and prompts were chosen with these."""

DEVELOPMENT_UNANSWERABLE = (
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
    # Near: about Python, and not in these texts.
    "Which function of the statistics module computes a t-test?",
    "How do I read a sheet of an Excel workbook with the standard library?",
    "Which PEP introduced structural pattern matching?",
    "How do I make tarfile use Zstandard compression?",
    "What is the average time complexity of looking up a key in a dict?",
    "How do I measure the memory of a pandas DataFrame with tracemalloc?",
    "Which argument of subprocess.run limits the memory of the child?",
    "How do I send an SMS with smtplib?",
    "Which random function draws from a Poisson distribution?",
    "How do I install Python on macOS with Homebrew?",
    "What changed in the typing module in Python 3.13?",
    "Which logging handler writes to Kafka?",
    "How do I set a breakpoint in VS Code?",
    "Which calendar function gives the Chinese lunar new year?",
    "How do I let argparse read its defaults from environment variables?",
    # The first ones that were judged, of which 13 were refused; names were then matched as wholes.
    "Which function of the math module computes a Bessel function?",
    "How do I read a Parquet file with the csv module?",
    "Which method of ZipFile deletes a member from an archive?",
    "How do I encrypt a zip archive with AES-256 using zipfile?",
    "What is the default recursion limit of CPython?",
    "Which sorting algorithm does list.sort use?",
    "In which year was Python 3.8 released?",
    "How do I publish a package to PyPI with twine?",
    "Which asyncio function opens a WebSocket connection?",
    "How do I parse YAML with the standard library?",
    "What does the walrus operator do?",
    "How many bytes does an empty dictionary take in memory?",
    "Which statistics function performs a chi-squared test?",
    "How do I make urllib use HTTP/3?",
    "Which argument of json.dumps writes comments?",
    "How do I create a Docker image for a Python program?",
    "Which decorator of functools retries a function that failed?",
    "How do I connect to a MySQL database with sqlite3?",
    "Which module draws a QR code?",
    "Is a list comprehension faster than a generator expression?",
)

JUDGED = _questions(
    ("How many characters wide does a TextWrapper make its lines by default?", "70"),
    ("Which lines get no prefix from textwrap.indent if no predicate is given?", "solely of whitespace"),
    ("Where does insort_right put an item that is already in the list?", "right of the rightmost"),
    ("What does fileinput.fileno return when no file is opened?", "-1"),
    ("How can I match a file name against a pattern without normalizing case?", "fnmatchcase"),
    ("What is the default block size of ftplib's retrbinary?", "8192"),
    ("Which compression level does gzip.open use if none is given?", "9"),
    ("Which port does POP3_SSL connect to by default?", "995"),
    ("Which method of file objects does GzipFile not simulate?", "truncate"),
    ("Which integers does ip_address take for IPv4 addresses?", "2**32"),
    ("What happens in json.dumps to keys that are no basic types if skipkeys is true?", "skipped"),
    ("What does re.subn return?", "2-tuple|(new_string, number)"),
    ("What is raised when cancel of a scheduler is given an event that is not in the queue?", "ValueError"),
    ("How many times does Timer.repeat call timeit if I do not say?", "5"),
    ("How often does Timer.timeit execute the main statement by default?", "million"),
    ("If a member occurs more than once in a tar archive, which one does getmember give?", "last occurrence"),
    ("What does getpeercert return when the other end provided no certificate?", "None if no certificate"),
    ("What does capwords do with leading and trailing whitespace if sep is absent?", "removed"),
    ("Where does traceback.print_tb write if file is omitted?", "sys.stderr"),
    ("How many times does detect_encoding call readline at most?", "twice"),
    ("Which type should be used in place of NoReturn from Python 3.11 on?", "Never"),
    ("Can a name annotated with Final be reassigned in a subclass?", "cannot & re-assigned|reassigned|overridden"),
    ("What does the textinput dialog of turtle return if it is canceled?", "None & canceled|cancelled"),
    ("Which crypt method does mksalt choose if none is specified?", "strongest"),
    ("What happens to an entry of a WeakValueDictionary when no strong reference to the value exists any more?",
     "discarded"),
    ("Does Element.remove compare elements by identity or by tag?", "identity"),
    ("What does Cmd do with an empty line unless emptyline is overridden?", "repeats & last nonempty command"),
    ("Which exception does InteractiveInterpreter.runcode not catch?", "SystemExit"),
    ("Which future cannot be cancelled?", "running & completed"),
    ("What happens if shutdown of a socketserver is not called while serve_forever runs in another thread?",
     "deadlock"),
    ("What is the type that mimetypes.guess_type returns for a file with an unknown suffix?", "None"),
    ("Does guess_extension include the leading dot?", "including the leading dot"),
    ("What does webbrowser.open_new_tab do if no new tab is possible?", "equivalent to open_new"),
    ("Where in the list of warnings filters does simplefilter insert an entry?", "front"),
    ("Which error does a selector's unregister raise if the file object was not registered?", "KeyError"),
    ("What is the default numerator of a Fraction?", "numerator defaults to 0"),
    ("Can fields of a frozen dataclass be assigned to after creation?", "not be assigned"),
    ("What does locale.normalize return if normalization fails?", "original name"),
    ("What does filecmp.cmp look at when it is shallow?", "size & mtime"),
    ("In which namespace does the readline completer look by default?", "__main__"),
)  # fmt: skip

JUDGED_UNANSWERABLE = (
    "How do I compress a file with Brotli?",
    "How do I read environment files such as .env?",
    "What is the maximum length of a list?",
    "Which class of the email package sends messages through Amazon SES?",
    "How do I make asyncio run on several cores?",
    "Which format code of strftime prints the phase of the moon?",
    "Which hashlib function computes a BLAKE3 digest?",
    "How do I convert a Word document to PDF?",
    "What does the match statement do?",
    "Which Python version introduced f-strings?",
    "How do I find memory leaks with Valgrind?",
    "Which socket option sets the TCP keepalive interval on macOS?",
    "How do I draw a pie chart with turtle?",
    "How fast is a lookup in a set compared with one in a list?",
    "How do I build a wheel with setuptools?",
    "Which unittest assertion compares two images?",
    "How do I schedule a job with cron from Python?",
    "Which datetime class handles the Hijri calendar?",
    "How do I add two numpy arrays?",
    "Which XML parser validates against an XSD schema?",
)

KOREAN_TEXT = """# 도토리 연구소 안내서

## 휴가

연차 휴가는 사용하기 사흘 전까지 팀장에게 신청합니다. 입사 첫해에는 한 달에 하루씩 연차가 생깁니다. 쓰지 않은 연차는
다음 해 6월까지 쓸 수 있습니다.

병가는 진단서를 내면 한 해에 60일까지 유급으로 인정됩니다. 진단서는 복귀한 뒤 일주일 안에 인사팀에 제출합니다.

배우자가 출산하면 20일의 휴가를 받습니다. 이 휴가는 세 번까지 나누어 쓸 수 있습니다.

## 근무 시간

근무 시간은 오전 10시부터 오후 7시까지입니다. 점심시간은 낮 12시 30분부터 한 시간입니다.

재택근무는 일주일에 이틀까지 할 수 있습니다. 신입 사원은 입사 후 석 달이 지나야 재택근무를 시작할 수 있습니다.

## 출장

국내 출장의 숙박비는 하룻밤에 12만 원까지 지급합니다. 해외 출장은 출발 2주 전까지 경영지원팀의 승인을 받아야 합니다.

출장비는 돌아온 날부터 열흘 안에 영수증과 함께 청구합니다. 기차는 일반실, 비행기는 일반석을 이용합니다.

## 도서관

연구소 도서관은 3층 동쪽 끝에 있습니다. 한 사람이 책을 다섯 권까지 빌릴 수 있고, 대출 기간은 3주입니다. 책을
늦게 돌려주면 늦은 날수만큼 대출이 정지됩니다.

## 건강

건강 검진은 해마다 9월에 한빛병원에서 받습니다. 독감 예방 접종 비용은 회사가 모두 부담합니다.

지하 1층 운동실은 아침 7시에 열고 밤 9시에 닫습니다. 운동실을 쓰려면 안내 데스크에서 열쇠를 받아야 합니다.

## 보안

출입증을 잃어버리면 곧바로 보안실 내선 112번에 알립니다. 출입증을 다시 만드는 비용은 5천 원입니다.

비밀번호는 석 달마다 바꾸어야 하며 열두 글자보다 짧으면 안 됩니다. 방문객은 1층 안내 데스크에서 신분증을 맡기고
출입증을 받습니다.

## 역사

도토리 연구소는 2009년 봄에 대전에서 문을 열었습니다. 처음에는 연구원이 네 명뿐이었고, 첫 연구 주제는 산불 감시였습니다.
2015년에 지금의 춘천 건물로 옮겼습니다.

연구소의 이름은 다람쥐가 숨긴 도토리에서 숲이 자란다는 이야기에서 따왔습니다.
"""

KOREAN = _questions(
    ("연차 휴가는 언제까지 신청해야 하나요?", "사흘 전"),
    ("쓰지 않은 연차는 언제까지 쓸 수 있나요?", "6월"),
    ("병가는 한 해에 며칠까지 유급인가요?", "60일"),
    ("진단서는 어디에 제출하나요?", "인사팀"),
    ("배우자가 출산하면 휴가를 며칠 받나요?", "20일"),
    ("점심시간은 몇 시부터인가요?", "12시 30분"),
    ("재택근무는 일주일에 며칠까지 할 수 있나요?", "이틀"),
    ("신입 사원은 언제부터 재택근무를 할 수 있나요?", "석 달"),
    ("국내 출장 숙박비는 얼마까지 나오나요?", "12만 원"),
    ("해외 출장은 누구의 승인을 받아야 하나요?", "경영지원팀"),
    ("출장비는 언제까지 청구해야 합니까?", "열흘"),
    ("도서관은 어디에 있습니까?", "3층"),
    ("도서관에서 책을 몇 권까지 빌릴 수 있나요?", "다섯 권"),
    ("건강 검진은 어느 병원에서 받나요?", "한빛병원"),
    ("운동실은 몇 시에 여나요?", "7시"),
    ("출입증을 잃어버리면 어디에 알려야 하나요?", "보안실"),
    ("비밀번호는 얼마나 자주 바꿔야 하나요?", "석 달마다"),
    ("연구소는 언제 문을 열었나요?", "2009년"),
    ("연구소의 첫 연구 주제는 무엇이었습니까?", "산불 감시"),
    ("연구소가 춘천 건물로 옮긴 것은 몇 년인가요?", "2015년"),
)

KOREAN_UNANSWERABLE = (
    "한강의 길이는 얼마인가요?",
    "김치찌개는 어떻게 끓이나요?",
    "프랑스의 수도는 어디입니까?",
    "올해 프로야구 우승 팀은 어디인가요?",
    "달의 지름은 얼마나 되나요?",
    "노벨 문학상은 누가 받았나요?",
    "서울에서 부산까지 비행기로 얼마나 걸리나요?",
    "구내식당에서 파는 커피의 가격은 얼마인가요?",
)
