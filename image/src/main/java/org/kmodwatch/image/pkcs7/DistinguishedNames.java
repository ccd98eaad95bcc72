package org.kmodwatch.image.pkcs7;

/** Reads the X.500 names of certificates and signatures. */
final class DistinguishedNames {

  private DistinguishedNames() {}

  /** Returns a Name, which has at least one set of at least one attribute. */
  static Ber.Element read(Ber in, String what) throws RefusedException {
    in.enter(Ber.SEQUENCE, what);
    do {
      in.enter(Ber.SET, what);
      do {
        in.enter(Ber.SEQUENCE, what);
        in.leaf(Ber.OBJECT_IDENTIFIER, what);
        in.any(what);
        in.leave(what);
      } while (in.more());
      in.leave(what);
    } while (in.more());
    return in.leave(what);
  }
}
