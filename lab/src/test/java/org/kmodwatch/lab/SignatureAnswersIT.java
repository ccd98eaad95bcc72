package org.kmodwatch.lab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.lab.TestKernels.is61;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.image.AppendedSignature;
import org.kmodwatch.image.ModuleImageReader;
import org.kmodwatch.image.SignatureVerifier;
import org.kmodwatch.image.signing.SignatureCases;
import org.kmodwatch.image.signing.SignatureCases.Case;
import org.kmodwatch.image.signing.SignatureCases.Case.Answer;
import org.kmodwatch.image.signing.SignatureCases.Signed;
import org.kmodwatch.image.signing.TestKey;

/**
 * Compares {@code inspect --certificates} with a kernel that has the same keys. A signature must be
 * valid exactly if the kernel loads the module without the taint for unsigned modules.
 *
 * <p>The keys are the firmware's own ({@code db}), which Debian's kernels trust. {@code
 * -Dkmodwatch.changes=all} tries eight changes of each byte of three signatures, and not one.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#few")
final class SignatureAnswersIT {

  private static final String MODULE = "kw_plain";

  /** Names the variable with EFI_IMAGE_SECURITY_DATABASE_GUID. */
  private static final String DB =
      "/sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f";

  /** Hold EFI_CERT_X509_GUID and EFI_CERT_TYPE_PKCS7_GUID, as in memory. */
  private static final byte[] X509 = bytes("a159c0a5e494a74a87b5ab155c2bf072");

  private static final byte[] PKCS7 = bytes("9dd2af4adf68ee498aa9347d375665a7");

  private static final Pattern ERROR = Pattern.compile("\\((E[A-Z0-9]+)\\)$");

  private static final Duration TIMEOUT = Duration.ofMinutes(10);

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static SignatureCases cases;

  /**
   * Holds the signed modules. They are created once: signatures by elliptic curves differ each
   * time.
   */
  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<Signed> signed;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static SignatureVerifier verifier;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<String> answers;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  /** Names a byte of a module, and its bits to flip. */
  private record Change(int offset, int bits) {}

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws IOException {
    Path folder = Files.createTempDirectory("kmodwatch-signatures");
    byte[] module = Files.readAllBytes(Lab.testModule(kernel, MODULE).hostFile());
    cases = SignatureCases.of(module);
    signed = cases.signed();
    verifier = new SignatureVerifier(cases.trusted().stream().map(TestKey::certificate).toList());
    Path firmware = folder.resolve("firmware");
    Lab.newFirmware(kernel, firmware);
    Path db = Files.write(folder.resolve("db"), signatureList());
    LabResult enrolled =
        Boots.run(
            LabRun.of(
                    kernel,
                    "mount -t efivarfs efivarfs /sys/firmware/efi/efivars && dd if=db bs=64k of="
                        + DB)
                .withFile(AddedFile.of(db))
                .withoutSensor()
                .withFirmware(firmware)
                .withTimeout(TIMEOUT));
    assertThat(enrolled.exitStatus()).isZero();
    LabResult result = Boots.run(ask(kernel, folder).withFirmware(firmware));
    assertThat(result.exitStatus()).isZero();
    // The firmware's output is in this file, too.
    answers =
        Files.readAllLines(result.out().resolve("guest.log"), ISO_8859_1).stream()
            .filter(line -> line.matches("(0|E[A-Z0-9]+) \\S+"))
            .toList();
  }

  private static LabRun ask(String kernel, Path folder) throws IOException {
    LabRun run =
        LabRun.of(
                kernel,
                """
                set -e
                n=0
                while [ -e case-$n ]; do kwload answers kw_plain case-$n; n=$((n + 1)); done
                n=0
                while [ -e signed-$n ]; do kwload answers kw_plain signed-$n changes-$n; n=$((n + 1)); done
                """)
            .withoutSensor()
            .withTimeout(TIMEOUT);
    for (int i = 0; i < cases.all().size(); i++) {
      run = run.withFile(file(folder, "case-" + i, cases.all().get(i).module()));
    }
    for (int i = 0; i < signed.size(); i++) {
      Signed one = signed.get(i);
      var list = new StringBuilder();
      for (Change change : changes(one)) {
        list.append("%d %x%n".formatted(change.offset(), change.bits()));
      }
      run =
          run.withFile(file(folder, "signed-" + i, one.module()))
              .withFile(file(folder, "changes-" + i, list.toString().getBytes(US_ASCII)));
    }
    return run;
  }

  private static AddedFile file(Path folder, String name, byte[] bytes) throws IOException {
    return AddedFile.of(Files.write(folder.resolve(name), bytes));
  }

  private static List<Change> changes(Signed signed) {
    boolean all = System.getProperty("kmodwatch.changes", "").equals("all");
    var changes = new ArrayList<Change>();
    for (int offset = signed.from(); offset < signed.to(); offset++) {
      if (all) {
        for (int bit = 0; bit < Byte.SIZE; bit++) {
          changes.add(new Change(offset, 1 << bit));
        }
      } else {
        // The changes flip each bit in turn.
        changes.add(new Change(offset, 1 << offset % Byte.SIZE));
      }
    }
    return changes;
  }

  @Test
  void eachCase_isWhatTheKernelAnswers() {
    for (int i = 0; i < cases.all().size(); i++) {
      Case one = cases.all().get(i);
      Answer expected = one.answer() == Answer.UNSUPPORTED ? Answer.NO_KEY : one.answer();
      assertThat(answer(answers.get(i)))
          .as("kernel on %s: %s", one.name(), answers.get(i))
          .isEqualTo(needsEcdsa(one) && is61(kernel) ? Answer.WRONG : expected);
      assertThat(ours(check(one.module()))).as(one.name()).isEqualTo(expected);
    }
  }

  @Test
  void eachChangeOfOneByte_isWhatTheKernelAnswers() {
    int line = cases.all().size();
    var differences = new ArrayList<String>();
    var errors = new ArrayList<String>();
    int valid = 0;
    for (Signed one : signed) {
      for (Change change : changes(one)) {
        byte[] changed = one.module().clone();
        changed[change.offset()] ^= (byte) change.bits();
        Answer kernels = answer(answers.get(line));
        SignatureVerifier.Check check = check(changed);
        Answer ours = ours(check);
        if (kernels != ours && !(is61(kernel) && kernels == Answer.NO_KEY && isSha3(changed))) {
          differences.add(difference(one, change, answers.get(line), ours));
        }
        String error = errorOf(check);
        if (kernels == Answer.WRONG && !answers.get(line).equals(error + " -")) {
          errors.add(difference(one, change, answers.get(line), error));
        }
        valid += kernels == Answer.VALID ? 1 : 0;
        line++;
      }
    }
    assertThat(differences).isEmpty();
    assertThat(errors).as("reasons with another error").isEmpty();
    assertThat(line).isEqualTo(answers.size());
    assertThat(valid).as("changes that a kernel does not notice").isGreaterThan(20);
  }

  /**
   * Parses a line of kwload: an error, or 0 and the module's taints. Every module has the taint for
   * out of tree (O). It has the taint for unsigned (E) if no trusted key made its signature, or the
   * kernel cannot check it.
   */
  private static Answer answer(String line) {
    return switch (line) {
      case "0 O" -> Answer.VALID;
      case "0 OE" -> Answer.NO_KEY;
      default -> Answer.WRONG;
    };
  }

  /**
   * Returns whether the kernel must check an elliptic curve's signature, which Debian's 6.1 cannot.
   */
  private static boolean needsEcdsa(Case one) {
    return one.name().equals("with a certificate inside of an elliptic curve");
  }

  /** Returns whether a change made the digest's algorithm one that 6.1 does not support. */
  private static boolean isSha3(byte[] module) {
    AppendedSignature signature = ModuleImageReader.read(ByteBuffer.wrap(module)).signature();
    return signature != null
        && signature.first().map(AppendedSignature.Signer::digest).orElse("").startsWith("sha3-");
  }

  private static String difference(Signed signed, Change change, String kernels, Object ours) {
    return "%s, byte %d, bits 0x%02x: the kernel says %s, inspect %s"
        .formatted(signed.name(), change.offset() - signed.from(), change.bits(), kernels, ours);
  }

  private static SignatureVerifier.Check check(byte[] module) {
    return verifier.verify(ModuleImageReader.read(ByteBuffer.wrap(module)));
  }

  /** Returns the kernel's error by {@code inspect}; none if the kernel loads the module. */
  private static String errorOf(SignatureVerifier.Check check) {
    Matcher error = ERROR.matcher(String.valueOf(check.reason()));
    return error.find() ? error.group(1) : "none";
  }

  private static Answer ours(SignatureVerifier.Check check) {
    return switch (check.status()) {
      case VALID -> Answer.VALID;
      case INVALID -> Answer.WRONG;
      case UNSIGNED, UNKNOWN_KEY, NOT_CHECKED -> Answer.NO_KEY;
    };
  }

  /**
   * Returns the keys in the form in which the variable {@code db} accepts them in setup mode. It
   * has attributes, a time stamp and an empty signature (EFI_VARIABLE_AUTHENTICATION_2 of the UEFI
   * specification), and a list for each key.
   */
  private static byte[] signatureList() {
    var out = new ByteArrayOutputStream();
    ByteBuffer head = ByteBuffer.allocate(28).order(ByteOrder.LITTLE_ENDIAN);
    // The attributes are non-volatile, for boot and run time, authenticated by time.
    head.putInt(0x27);
    head.putShort((short) 2026).put((byte) 1).put((byte) 2).put((byte) 3).put((byte) 4);
    head.put((byte) 5).put((byte) 0).putInt(0).putShort((short) 0).putShort((short) 0);
    head.putInt(24).putShort((short) 0x200).putShort((short) 0x0ef1);
    out.writeBytes(head.array());
    out.writeBytes(PKCS7);
    for (TestKey key : cases.trusted()) {
      byte[] certificate = key.encoded();
      ByteBuffer list = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
      list.putInt(44 + certificate.length).putInt(0).putInt(16 + certificate.length);
      out.writeBytes(X509);
      out.writeBytes(list.array());
      out.writeBytes(new byte[16]);
      out.writeBytes(certificate);
    }
    return out.toByteArray();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }
}
