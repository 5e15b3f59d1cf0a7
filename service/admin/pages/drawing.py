"""The markup of what pictures have hundreds of: columns and rows of tables, quicker than a template writes them."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from service.admin.pages.charts import Column, Columns


def rects(chart: Columns) -> Markup:
    """The columns of a chart; what each says stands where it is pointed at."""
    return Markup("".join(map(_rect, chart.columns)))  # noqa: S704 (numbers of ours, and escaped words)


def _rect(one: Column) -> str:
    place = f'x="{one.x}%" y="{one.y}" width="{one.width}%" height="{one.height}"'
    return f"<rect {place}><title>{escape(one.says)}</title></rect>"


def rows(cells: Sequence[Sequence[str | int]]) -> Markup:
    """Rows of a table; the first cell of each names it."""
    return Markup("\n".join(map(_row, cells)))  # noqa: S704 (every cell is escaped)


def _row(cells: Sequence[str | int]) -> str:
    first, *rest = (f"{cell:,}" if isinstance(cell, int) else escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
