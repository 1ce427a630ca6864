"""Models by price, speed and state; an answer of another one; prompts after a stroke."""

from playwright.sync_api import expect


def test_a_model_is_chosen_where_its_price_speed_and_state_are_told(chat):
    chat.ask("Hello", "mock/fast").answered()
    chat.page.get_by_role("button", name="Choose a model: price, speed, state").click()
    dialog = chat.page.get_by_role("dialog", name="Models")
    fast = dialog.get_by_role("option", name="fast").first
    expect(fast).to_contain_text("Mock · ")
    expect(fast).to_contain_text("first word")
    chat.page.keyboard.type("mock echo")
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("combobox", name="Model")).to_have_value("mock/echo")
    expect(chat.box).to_be_focused()


def test_a_model_that_has_been_failing_says_so(chat):
    for _ in range(6):
        chat.page.get_by_role("link", name="New chat").click()
        chat.ask("Hello", "mock/unavailable").answered()
    chat.page.keyboard.press("ControlOrMeta+Shift+M")
    chat.page.keyboard.type("unavailable")
    dialog = chat.page.get_by_role("dialog", name="Models")
    expect(dialog.get_by_role("option", name="unavailable")).to_contain_text("failing just now")


def test_the_slider_beside_the_models_is_kept_for_the_person(chat):
    chat.page.keyboard.press("ControlOrMeta+Shift+M")
    slider = chat.page.get_by_role("slider", name="What “auto” goes by")
    with chat.page.expect_response("**/api/preferences"):
        slider.press("End")
    chat.page.goto(chat.url + "/settings/")
    expect(chat.page.get_by_role("slider", name="What “auto” goes by")).to_have_value("1")


def test_an_answer_is_asked_for_again_of_another_model(chat):
    chat.ask("Say this", "mock/fast").answered()
    chat.foot.get_by_role("button", name="Again with…").click()
    dialog = chat.page.get_by_role("dialog", name="Ask another model")
    expect(dialog.get_by_role("combobox")).to_be_focused()
    chat.page.keyboard.type("mock echo")
    expect(dialog.get_by_role("option", name="echo").first).to_have_attribute("aria-selected", "true")
    chat.page.keyboard.press("Enter")
    chat.answered()
    expect(chat.answer).to_have_text("Say this")
    expect(chat.foot).to_contain_text("2/2")
    expect(chat.page.get_by_role("combobox", name="Model")).to_have_value("mock/fast")


def test_a_stroke_in_an_empty_box_offers_prompts_and_anywhere_else_it_is_a_stroke(chat):
    chat.page.goto(chat.url + "/settings/prompts/")
    chat.page.get_by_label("Name").fill("Greet")
    chat.page.get_by_label("Text").fill("Say hello to ")
    chat.page.get_by_role("button", name="Keep").click()
    chat.open()
    chat.box.press("/")
    dialog = chat.page.get_by_role("dialog", name="Prompts")
    expect(dialog.get_by_role("combobox")).to_be_focused()
    chat.page.keyboard.type("gree")
    expect(dialog.get_by_role("option", name="Greet").first).to_have_attribute("aria-selected", "true")
    chat.page.keyboard.press("Enter")
    expect(chat.box).to_have_value("Say hello to ")
    chat.page.keyboard.type("a/b")
    expect(chat.box).to_have_value("Say hello to a/b")
    chat.box.fill("")
    chat.box.press("/")
    chat.page.keyboard.type("etc")
    dialog.get_by_role("option", name="Write “/etc”").click()
    expect(chat.box).to_have_value("/etc")
