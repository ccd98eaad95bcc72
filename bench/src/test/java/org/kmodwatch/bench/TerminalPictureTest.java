package org.kmodwatch.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class TerminalPictureTest {

  @Test
  void text_isAtItsPlace_inItsColour() throws Exception {
    List<Element> texts = texts("a \u001b[1;31mred\u001b[0m b\r\n\u001b[32mgreen\u001b[0m\r\n");
    assertThat(texts.stream().map(Element::getTextContent))
        .containsExactly("a ", "red", " b", "green");
    Element red = texts.get(1);
    assertThat(red.getAttribute("fill")).isEqualTo("#ff7b72");
    assertThat(red.getAttribute("font-weight")).isEqualTo("bold");
    assertThat(Double.parseDouble(red.getAttribute("x")))
        .isEqualTo(Double.parseDouble(texts.get(0).getAttribute("x")) + 2 * 7.8);
    assertThat(texts.get(3).getAttribute("font-weight")).isEmpty();
    assertThat(Integer.parseInt(texts.get(3).getAttribute("y")))
        .isEqualTo(Integer.parseInt(red.getAttribute("y")) + 18);
  }

  @Test
  void hostileText_isEscaped() throws Exception {
    assertThat(texts("<script>&\"</script>\u001b]0;x\u0007\r\n").getFirst().getTextContent())
        .startsWith("<script>&\"</script>");
  }

  @Test
  void lineThatIsTakenAway_isNotThere() throws Exception {
    assertThat(texts("\r\u001b[Khalf way\r\u001b[Kdone\r\n"))
        .extracting(Element::getTextContent)
        .containsExactly("done");
  }

  @Test
  void earlierMoment_isTheFirstWithSuchALastLine() throws Exception {
    String bar = "$ go\r\n\r\u001b[K10 %\r\u001b[K60 %\r\u001b[K70 %\r\u001b[Kdone\r\n";
    var document = parsed(TerminalPicture.draw("t", 40, bar, "^[67]\\d %"));
    assertThat(texts(document)).extracting(Element::getTextContent).containsExactly("$ go", "60 %");
    assertThatThrownBy(() -> TerminalPicture.draw("t", 40, bar, "^99"))
        .isInstanceOf(BenchException.class)
        .hasMessage("the terminal never showed a last line with ^99");
  }

  @Test
  void longLine_goesOnInTheNextRow_asOnATerminal() throws Exception {
    var document = parsed(TerminalPicture.draw("t", 4, "abcdef", ""));
    assertThat(texts(document)).extracting(Element::getTextContent).containsExactly("abcd", "ef");
  }

  private static List<Element> texts(String written) throws Exception {
    return texts(parsed(TerminalPicture.draw("a <title>", 80, written, "")));
  }

  private static org.w3c.dom.Document parsed(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static List<Element> texts(org.w3c.dom.Document document) {
    NodeList nodes = document.getElementsByTagName("text");
    var texts = new ArrayList<Element>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add((Element) nodes.item(i));
    }
    return texts;
  }
}
