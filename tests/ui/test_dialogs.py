"""A dialog that somebody fills in is not closed by what arrives in the background."""

from streamlit.testing.v1 import AppTest


def page_with_a_finished_map() -> None:
    import streamlit as st

    from taglab.ui.dialogs import dialog, dialog_closed
    from taglab.ui.projecting import _watch

    class Finished:
        def done(self) -> bool:
            return True

        def result(self) -> None:
            return None

    @dialog("Fill me in")
    def fill_in() -> None:
        st.text_input("Name", key="name")

    if st.button("Open", key="open"):
        fill_in()
    st.button("Close", key="close", on_click=dialog_closed)
    jobs = st.session_state.setdefault("projections under way", {"map": Finished()})
    if jobs:
        _watch("map", "")
    else:
        st.text("the map itself")


def test_a_map_waits_until_the_dialog_is_closed() -> None:
    app = AppTest.from_function(page_with_a_finished_map, default_timeout=60)
    app.session_state["dialog is open"] = True
    app.run()
    assert [each.value for each in app.text] == ["The map is ready; it is shown when the dialog is closed."]
    app.button(key="close").click().run()
    assert [each.value for each in app.text] == ["the map itself"]


def test_an_open_dialog_is_known_to_be_open() -> None:
    app = AppTest.from_function(page_with_a_finished_map, default_timeout=60).run()
    assert [each.value for each in app.text] == ["the map itself"]
    app.button(key="open").click().run()
    assert app.session_state["dialog is open"]
    app.text_input(key="name").set_value("typed").run()
    assert app.session_state["dialog is open"]
