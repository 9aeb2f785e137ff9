"""The paragraphs of `docs/benchmarks.md` that no figure changes."""

INTRODUCTION = """
Almanac beside what would be used in its place, in one run on one machine. The run writes this page; to have it written
by yours, two commands:

```
git clone ADDRESS-OF-THIS-REPOSITORY almanac
make -C almanac bench
```

It needs Python 3.11 or newer and make, and about half an hour on which nothing else should be going on. PostgreSQL and
Redis come out of wheels. Where postfix is installed (`apt-get install postfix`) its `smtp-sink` takes the mails, else a
sink that is part of the benchmark. `make bench ARGS=--quick` is a look: a tenth of the mails, once, into `var/bench/`.
`benchmarks.json` beside this page has the same figures for programs.

The bars are ratios and times within the run. A figure from another machine, or from another day, compares with nothing
here.
"""

MEASURED = """
*mails/s*: from the word “go” to the last mail at the sink. *CPU*: user and system time of every process that takes
part, of those that have ended too, until each contender's own records say that all is sent: senders, workers and beat
(client), PostgreSQL with all its backends (database), Redis (broker). SQLite runs in the client. *peak*: memory of the
client's processes, what they share counted once. *queued in*: what happened before the word, and is in no other
column: filling a queue, and for Almanac deciding on everybody.
"""

BESIDE = """
post-office once more, one round, as it comes, and with its mails rendered while they are queued: that spares the sender
work which then lies in the last column. The bars are about the rows above, where rendering is part of sending for
everybody but django-mailer, which stores whole messages and knows no other way.
"""

WEEK = """
The page of a week with 600 sends, as a signed-in person gets it, through all middleware: server time, without the
network. *bare*: a view that does nothing but read the same 600 rows with their campaigns and teams in one query, and
loop over them in a template: when, what, whose, with a link. The two are asked in turns, on the same PostgreSQL.
*gone*: both again when every send of that week is over and its messages lie in the ledger, which is what people look at
on a Friday.
"""

HOW = """
- Everybody sends the same letter from the same template source, which Liquid and Django's templates read alike: eight
  values of the customer, one of them a condition, and an unsubscribe link; with the headers for one-click opt-out.
- First every contender sends 44 letters to a sink that keeps them. They are read as a mail program does, and must equal
  the expected recipient, subject, text and HTML, each once. After every measured run the sink must have counted exactly
  as many as were sent.
- Interpreters are started, modules imported and connections to the broker made before the clock runs, for everybody;
  then everybody warms up with a twentieth of the mails. The queue is filled (PostgreSQL then gets its `VACUUM`,
  `ANALYZE` and `CHECKPOINT`, so that nobody pays for that), and the word is given: for a command, that it is called;
  for Almanac, that its paused campaign is resumed and dispatch woken, as its clock does every second; for Celery, that
  its workers may read the queue.
- Contenders take turns, one round after the other, so that a slow minute of the machine hits them all.
- PostgreSQL runs with its own defaults: every commit waits for the disk.
- Almanac is the real thing: a worker and a beat as in the Procfile, where a worker is a pool of two processes; two
  workers are four, on whatever cores there are. The row “a pool of one” is one process alone. The campaign is approved
  and admitted by the real services under four caps; for twenty who get the letter there is one in the segment who
  unsubscribed, and for forty one whose address bounced. In the end the ledger must say `sent` for each.
"""

FAIRNESS = """
- **django-post-office**: queued by `send_many` with one template and `render_on_delivery`, sent by its command
  `send_queued_mail` with one and two processes. Batches of 2,000 (its default of 100 opens connections and forks anew
  for every hundred), one thread in each process (its default of five is slower here, and its documentation says that
  threads do not help SMTP), failures alone logged.
- **django-mailer**: queued through its `DbBackend` in bulk, sent by its command `send_mail`, without the file lock and
  without a second copy of each message in its log.
- **Django's send_messages**: no queue and no record; letters are rendered in lots of 500 and handed to one open
  connection.
- **Celery, a task per recipient**: no database; all that the letter needs is in the task. Two processes, each with one
  connection that stays open, a prefetch of 100, no results kept.
"""
