"""Take everything that identifies somebody out of a report, and refuse the report when something is left.

Several detectors each see the whole input text: dates, numbers and contacts by shape and label, names by what stands around them, places,
the exam's own names and numbers (deny-list), and a named-entity model for the rest. A name that was found once is then removed
wherever it stands again. Measurements are out of reach for all of them (`phi_guard`), eponyms are kept by context (`phi_eponyms`).
The result is read again by the rules that need no judgement (`phi_leak`): a report in which they still find something is rejected.

Nothing here touches the network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from petarseg.errors import ConfigError, ExamRejected
from petarseg.reasons import Reason
from petarseg.reports.phi_date_shift import DateOrder, orders_of, shifted
from petarseg.reports.phi_dates import DateMention, find_dates, with_weekday
from petarseg.reports.phi_deny import DenyList
from petarseg.reports.phi_detect import find_spans, worth_reading
from petarseg.reports.phi_leak import leaks
from petarseg.reports.phi_model import entities
from petarseg.reports.phi_span import PHI_TYPES, PhiSpan
from petarseg.reports.phi_surrogates import surrogate

__all__ = ["PHI_TYPES", "PhiSpan", "Scrubbed", "Scrubber"]

# Line ends of hospital systems, written out; detectors see blanks of the same length.
_ARTEFACT = re.compile(r"_x000[DdAa]_")


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A report without what identifies somebody.

    Attributes
    ----------
    text : str
        The report with each span replaced by its tag (``[NAME]``), its moved date or its surrogate; every other character is the input's.
    spans : tuple of PhiSpan
        What was replaced, disjoint and in order. Offsets refer to the INPUT text.
    """

    text: str
    spans: tuple[PhiSpan, ...]


class Scrubber:
    """Removes names, dates, numbers and places from reports.

    Parameters
    ----------
    dates : {"tag", "shift"}
        Replace dates by ``[DATE]``, or move them by the patient's own whole-day shift. A date that cannot be moved truthfully (no year,
        month and day in unknown order, no shift given) is replaced by the tag in both cases.
    names : {"tag", "surrogate"}
        Replace names by ``[NAME]``, or by other names that are the same wherever the name stands.
    surrogate_seed : bytes, optional
        Secret of the surrogates, from the project key; required for "surrogate".
    date_order : {"auto", "mdy", "dmy"}
        Order of numeric dates, used for moving them only. "auto" takes it from the report and the exam's own dates.

    Raises
    ------
    ConfigError
        For an unknown option, or surrogates without a seed.

    Examples
    --------
    >>> Scrubber().scrub("Read by Dr. Quentin Mirabelli on 09/07/2000. SUVmax 7.9 (slice 12).").text
    'Read by Dr. [NAME] on [DATE]. SUVmax 7.9 (slice 12).'
    """

    def __init__(
        self,
        *,
        dates: Literal["tag", "shift"] = "tag",
        names: Literal["tag", "surrogate"] = "tag",
        surrogate_seed: bytes | None = None,
        date_order: DateOrder = "auto",
    ) -> None:
        for option, value, allowed in (
            ("dates", dates, ("tag", "shift")),
            ("names", names, ("tag", "surrogate")),
            ("date_order", date_order, ("auto", "mdy", "dmy")),
        ):
            if value not in allowed:
                raise ConfigError(f"scrubbing: {option} must be one of {', '.join(allowed)}, not {value!r}")
        if names == "surrogate" and not surrogate_seed:
            raise ConfigError("scrubbing: surrogate names need a secret seed (surrogate_seed), else anybody could undo them")
        self.dates = dates
        self.names = names
        self.date_order: DateOrder = date_order
        self._seed = surrogate_seed or b""

    def scrub(self, text: str, *, deny: Sequence[str] = (), day_shift: int | None = None) -> Scrubbed:
        """Scrub one report.

        Parameters
        ----------
        text : str
            The report.
        deny : sequence of str
            Names, numbers, institutions and dates of the exam's DICOM headers, as they stand there.
        day_shift : int, optional
            The patient's shift in whole days, for ``dates="shift"``.

        Returns
        -------
        Scrubbed

        Raises
        ------
        ExamRejected
            SCRUB_LEAK, when an identifying value is still found afterwards. The evidence holds types and counts, never values.
        """
        result = self.scrub_many([text], [deny], [day_shift])[0]
        if isinstance(result, ExamRejected):
            raise result
        return result

    def scrub_many(
        self,
        texts: Sequence[str],
        denies: Sequence[Sequence[str]] | None = None,
        day_shifts: Sequence[int | None] | None = None,
    ) -> list[Scrubbed | ExamRejected]:
        """Scrub many reports; the model reads them in batches, which is what makes it fast.

        Parameters
        ----------
        texts : sequence of str
            The reports.
        denies : sequence of sequence of str, optional
            Deny strings per report.
        day_shifts : sequence of int or None, optional
            Shift per report.

        Returns
        -------
        list of Scrubbed or ExamRejected
            One per report, in order; a report that leaks is its rejection.
        """
        denies = denies if denies is not None else [()] * len(texts)
        day_shifts = day_shifts if day_shifts is not None else [None] * len(texts)
        views = [_ARTEFACT.sub(lambda match: " " * len(match.group()), text) for text in texts]
        results: list[Scrubbed | ExamRejected] = []
        for text, view, values, shift, found in zip(texts, views, denies, day_shifts, entities(views, worth_reading), strict=True):
            deny = DenyList.of(values)
            spans = find_spans(view, deny, found)
            results.append(self._replaced(text, view, spans, deny, shift))
        return results

    def _replaced(self, text: str, view: str, spans: Sequence[PhiSpan], deny: DenyList, shift: int | None) -> Scrubbed | ExamRejected:
        mentions: dict[tuple[int, int], DateMention] = {}
        orders: dict[str, Literal["mdy", "dmy"]] = {}
        if self.dates == "shift" and shift is not None:
            dates = find_dates(view)
            mentions = {(with_weekday(view, mention.start), mention.end): mention for mention in dates}
            orders = orders_of(view, dates, self.date_order, deny.dates)
        out: list[str] = []
        inserted: list[tuple[int, int]] = []
        position = length = 0
        for span in spans:
            replacement = f"[{span.type}]"
            if (span.start, span.end) in mentions and shift is not None:
                replacement = shifted(view, mentions[span.start, span.end], shift, orders) or replacement
            elif span.type == "NAME" and self.names == "surrogate":
                replacement = surrogate(text[span.start : span.end], self._seed, deny.forbids)
            out += [text[position : span.start], replacement]
            length += span.start - position
            inserted.append((length, length + len(replacement)))
            length += len(replacement)
            position = span.end
        out.append(text[position:])
        scrubbed = "".join(out)
        left = leaks(_ARTEFACT.sub(lambda match: " " * len(match.group()), scrubbed), inserted, deny)
        if left:
            return ExamRejected(Reason.SCRUB_LEAK, {"left": left})
        return Scrubbed(scrubbed, tuple(spans))
