"""The markup of what pictures have hundreds of: columns and rows of tables, quicker than a template writes them."""

from collections.abc import Sequence

from markupsafe import Markup

from service.admin.pages.charts import Columns

RECT = Markup('<rect x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>')
ROW, NAMED, ENDED = Markup('<tr><th scope="row">'), Markup("</th><td>"), Markup("</td></tr>")
NEXT = Markup("</td><td>")


def rects(chart: Columns) -> Markup:
    """The columns of a chart; what each says stands where it is pointed at."""
    return Markup("").join(
        RECT.format(column.x, column.y, column.width, column.height, column.says) for column in chart.columns
    )


def rows(cells: Sequence[Sequence[str | int]]) -> Markup:
    """Rows of a table; the first cell of each names it."""
    return Markup("\n").join(ROW + _cell(first) + NAMED + NEXT.join(map(_cell, rest)) + ENDED for first, *rest in cells)


def _cell(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell
