"""Where the clients answer differently on purpose. docs/differences.md tells users the same, row by row."""

from __future__ import annotations

from dataclasses import dataclass

BOTH = ("seed", "sdk")

LATER_FIELDS = frozenset({"code", "codeBundleUri", "offloadedInputData", "runStartTime"})
"""Fields of messages that the SDK of the seeds does not know yet; they are left out where its answers are compared."""


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes:
        what: What is asked.
        theirs: What the SDK does.
        ours: What we do.
        why: The reason.
        questions: The questions that are answered differently because of it.
        peers: Which SDK answers so.
    """

    what: str
    theirs: str
    ours: str
    why: str
    questions: tuple[str, ...]
    peers: tuple[str, ...] = BOTH

    @property
    def row(self) -> str:
        """The row of the table in the documentation."""
        return f"| {self.what} | {self.theirs} | {self.ours} | {self.why} |"


DIFFERENCES = (
    Difference(
        "`outputs()` of a run that is not over",
        "`(None,)`",
        "raises `NotFinishedError`",
        "None is also what a task may return; the SDK's own documentation promises an error.",
        ("outputs: of a run that waits",),
    ),
    Difference(
        "`outputs()` of an action that failed, was aborted or timed out",
        "`(None,)`",
        "an empty `ActionOutputs`",
        "It returned nothing, not None.",
        (
            "outputs: fails",
            "outputs: aborted",
            "outputs: timeout",
            "inputs and outputs of all actions: tree",
            "inputs and outputs of all actions: fails",
        ),
    ),
    Difference(
        "`outputs()` of a condition that was signalled",
        "`()`",
        "what it was signalled, as `o0`",
        "The answer is in the details of the action; conditions have no files.",
        ("inputs and outputs of all actions: asks",),
    ),
    Difference(
        "a value that travels as a pickle",
        "is unpickled",
        "an `OpaqueValue` with the name of its class, its size and `save()`",
        "Unpickling runs whatever code somebody put there.",
        ("outputs: pickles",),
    ),
    Difference(
        "a `NamedTuple`",
        "a data class made up from its schema",
        "a tuple",
        "It was a tuple in the task.",
        ("outputs: records",),
    ),
    Difference(
        "a data class or model with a list or an optional field",
        "the SDK of the seeds loses the field",
        "a dictionary with every field",
        "The SDK of the seeds makes up a class from a schema that it reads in part.",
        ("inputs: records", "outputs: records"),
        ("seed",),
    ),
    Difference(
        "`to_dict()` of what `Run.get` returns",
        "no labels",
        "the run's labels",
        "A run that was listed has them, too.",
        ("json: a run", "run: plain", "run: nested"),
    ),
    Difference(
        "`abort()` of a run or action that is over",
        "returns; a real backend then calls what succeeded ABORTED",
        "raises `AlreadyFinishedError` and sends nothing",
        "How it ended must not be overwritten.",
        ("abort: a run that is over",),
    ),
    Difference(
        "`abort()` of a run that there is not",
        "returns",
        "raises `NotFoundError`",
        "Somebody who mistook a name must not believe that the run was aborted.",
        ("abort: a missing run",),
    ),
    Difference(
        "logs of attempt 0",
        "those of the latest attempt",
        "raises `InvalidArgumentError`",
        "Attempts are counted from 1; the latest is what one gets without naming any.",
        ("logs: of no attempt",),
    ),
    Difference(
        "lines of `get_logs()`",
        "end with a newline, and begin with a blank where no time is shown",
        "are the lines and nothing else",
        "A line that is printed must not come with an empty one, nor with a blank that the task did not print.",
        ("logs: as lines", "logs: of one attempt as lines", "logs: with times"),
        ("sdk",),
    ),
    Difference(
        "`error_message` of an action that was aborted",
        '`""`',
        "the reason of the abort",
        "It is what somebody wants to know who asks why it failed.",
        ("error message: aborted",),
        ("sdk",),
    ),
    Difference(
        "`ActionDetails.watch_updates()`",
        "raises `TypeError`",
        "yields the details until the action is over",
        "The SDK calls its own class method in a way that cannot work.",
        ("watch: updates",),
    ),
    Difference(
        "the phase PAUSED",
        "the SDK of the seeds raises `ValueError`",
        "`ActionPhase.PAUSED`",
        "Conditions came later.",
        ("runs: paused root", "actions: paused"),
        ("seed",),
    ),
    Difference(
        "messages of conditions",
        "the SDK of the seeds does not know their prompt and type",
        "have both",
        "Conditions came later.",
        ("actions: asks",),
        ("seed",),
    ),
    Difference(
        "`TaskDetails.override(retries=5)`",
        "raises `AssertionError`",
        "five retries",
        "The documentation allows a number beside a `RetryStrategy`.",
        ("task: override retries",),
    ),
    Difference(
        "`TaskDetails.override(short_name=...)`",
        "the SDK of the seeds changes a field that no run is started with",
        "changes the task's specification, as the current SDK does",
        "A run is to have the name.",
        ("task: override names",),
        ("seed",),
    ),
    Difference(
        "`Trigger.listall(limit=...)`",
        "the size of a page; all triggers are listed",
        "how many are listed at most",
        "So it is for runs, actions and tasks.",
        ("triggers: one",),
    ),
    Difference(
        "`Trigger.update()` of a trigger that there is not",
        "returns",
        "raises `NotFoundError`",
        "Somebody who mistook a name must not believe that a trigger was paused.",
        ("trigger: switch a missing one",),
    ),
    Difference(
        "`Trigger.get_details()`",
        "the SDK of the seeds raises `TypeError`",
        "the details",
        "The SDK of the seeds forgets the name of the task.",
        ("trigger: details of one listed",),
        ("seed",),
    ),
    Difference(
        "`Secret.listall(limit=1)`",
        "the SDK of the seeds lists the first page only",
        "lists all, page by page",
        "It waits for a field of the answer that backends do not fill.",
        ("secrets: page by page",),
        ("seed",),
    ),
    Difference(
        '`Secret.create(type="image_pull")` on a connection that has a project',
        "raises `ValueError`",
        "makes the secret for all projects",
        "Such secrets have no project, and each connection has one. Naming one in the call is refused here, too.",
        ("secret: of an image, in a project",),
    ),
    Difference(
        "`Condition.listall()`",
        "in the backend's order, by phase first",
        "in order of creation",
        "A phase that changes between two pages would lose or repeat a condition.",
        ("conditions", "conditions: of an action"),
        ("sdk",),
    ),
    Difference(
        "`Condition.signal([1])`",
        "raises `TypeError`",
        "raises `InvalidArgumentError`",
        "It is in the one tree of errors, with what to do.",
        ("condition: signalled with a list",),
        ("sdk",),
    ),
    Difference(
        "`upload_file()` of a file that was uploaded and changed since",
        "raises, as it sends the MD5 of before",
        "uploads it",
        "The SDK remembers the MD5 of a path.",
        ("upload: a file that was changed",),
    ),
    Difference(
        "`upload_dir()` of a directory with directories in it",
        "puts all files in one directory; of equal names one is left",
        "keeps their paths",
        "A directory is to be the same there.",
        ("upload: a deep directory", "upload: equal names in a directory"),
    ),
    Difference(
        "`upload_dir()` of an empty directory",
        "raises `IndexError`",
        "raises `InvalidArgumentError`",
        "It says what is wrong.",
        ("upload: an empty directory",),
    ),
)
