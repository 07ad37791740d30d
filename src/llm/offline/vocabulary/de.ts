import type { Vocabulary } from './types.ts';

export const DE: Vocabulary = {
  'auth/login': {
    strong: `
      kann mich nicht anmelden, kann mich nicht einloggen, kann mich nicht mehr anmelden,
      kann mich nicht mehr einloggen, nicht einloggen, nicht anmelden, nicht mehr anmelden, nicht mehr einloggen,
      nicht mehr ins nicht mehr in mein konto, komme nicht in, komme nicht rein, komme nicht mehr in,
      komme nicht mehr rein, passwort vergessen, kennwort vergessen, passwort zurücksetzen, kennwort zurücksetzen,
      passwort falsch, falsches passwort, neues passwort, passwort wird, konto gesperrt, konto ist gesperrt,
      zugang gesperrt, zugang ist, wieder freischalten, entsperren, ausgesperrt, abgemeldet, ausgeloggt,
      sitzung abgelaufen, link abgelaufen, zum zurücksetzen, anmeldung fehlgeschlagen, keinen code, zugangsdaten
    `,
    medium: `
      passwort*, kennwort*, anmeld*, einlogg*, einzulogg*, login*, logg*, zugang*, zugriff, anmeldedaten,
      bestätigungscode*, sicherheitscode*, einmalcode*, zwei faktor*, zwei faktor authentifizierung, 2fa,
      authenticator*, bestätigungsmail, gesperrt, sitzung*, sso, single sign on, tan, pushtan, zurücksetzen
    `,
    weak: `
      code, codes, sms, handy, benutzername, abgelaufen
    `,
  },
  billing: {
    strong: `
      doppelt abgebucht, zweimal abgebucht, doppelt belastet, zweimal belastet, abgebucht, abbuchung*, erstatt*,
      rückerstatt*, geld zurück, gutschrift, zu viel bezahlt, falscher betrag, rechnung falsch, rechnung stimmt,
      berichtigte rechnung, korrigierte rechnung, neue rechnung, abo kündigen, abonnement kündigen,
      vertrag kündigen, kündigung*, rechnung*, mahnung*, lastschrift*, umsatzsteuer*, ust id, mehrwertsteuer,
      zahlungsmethode*, zahlungsart*, kreditkarte ändern, steuernummer, zahlung fehlgeschlagen
    `,
    medium: `
      zahlung*, bezahl*, zahle*, betrag*, gebühr*, kosten, kostet, preis*, rabatt*, gutschein*, abo, abonnement*,
      tarif*, kreditkarte*, überweis*, beleg*, quittung*, kündig*, verlänger*, euro, sepa, iban, buchhaltung,
      belastet
    `,
    weak: `
      karte, jährlich*, monatlich*, geld
    `,
  },
  bug: {
    strong: `
      findet nichts, findet nicht, leere datei, zeigt falsche, wird falsch, werden falsch, kommt nicht an,
      öffnet nicht, startet nicht, bricht ab, stürzt ab, stürzt immer, abgestürzt, absturz*, abstürze*,
      fehlermeldung*, funktioniert nicht, funktionieren nicht, geht nicht mehr, geht nicht, klappt nicht,
      funktioniert seit, lädt nicht, öffnet sich nicht, reagiert nicht, passiert nichts, hängt sich auf,
      friert ein, eingefroren, bleibt leer, weiße seite, leere seite, bleibt hängen, falsch angezeigt,
      wird nicht angezeigt, werden nicht angezeigt, nicht gespeichert, speichert nicht, verschwindet, verschwunden,
      seit dem update, seit dem letzten update, lässt sich nicht, interner fehler, datenverlust
    `,
    medium: `
      fehler*, bug*, kaputt, defekt*, langsam*, hängt, stürzt, falsche*, falsch, doppelt, fehlt, fehlen, leer,
      update, version, plötzlich, problem*, ladezeit*
    `,
    weak: `
      seite, knopf, schaltfläche, klick*, browser, app, hochladen, herunterladen, drucken, android, iphone,
      windows
    `,
  },
  feature_request: {
    strong: `
      mir fehlt, uns fehlt, fehlt mir, fehlt uns, fehlt eine, fehlt ein, könnten sie bitte, könntet ihr bitte,
      bitte fügen sie, wünschenswert, anregen, wäre es möglich, wäre schön, wäre toll, wäre hilfreich, wäre super,
      wäre praktisch, wäre gut, wünsche mir, wünschen uns, würde mir wünschen, würden uns wünschen, wunsch,
      verbesserungsvorschlag, vorschlag*, anregung*, feature request, funktion fehlt, neue funktion,
      funktion hinzufügen, könnten sie eine, könntet ihr, bitte ergänz*, bitte baut, einbauen, ist geplant,
      plant ihr, planen sie, dunkelmodus, dark mode, dunkler modus, schnittstelle zu, integration mit,
      solche funktion, eine option, eine möglichkeit
    `,
    medium: `
      funktion*, idee*, feature*, möglichkeit, integration, hilfreich, praktisch, ergänzen, erweiter*,
      unterstützung für, roadmap, gleichzeitig, ersparen, erleichter*, vermiss*
    `,
    weak: `
      wäre, würde, könnte*, möglich, gerne, schön, hinzufügen
    `,
  },
  account: {
    strong: `
      konto löschen, konto löschen lassen, benutzerkonto löschen, account löschen, löschung, daten löschen, dsgvo,
      datenschutz*, auskunft über, auskunft nach, personenbezogen*, meine daten, e mail adresse ändern,
      email adresse ändern, email ändern, neue email, neue adresse, namen ändern, name ändern, nachname*,
      geheiratet, heirat, umgezogen, umzug, anschrift*, profil*, inhaber*, eigentümer*, übertragen,
      mitglied hinzufügen, mitglied entfernen, nutzer hinzufügen, nutzer entfernen, einladen, einladung*,
      benutzerkonto, konten zusammen*, verstorben, administratorrechte
    `,
    medium: `
      mitglied*, rolle*, admin*, berechtigung*, rechte, mitarbeiter*, kolleg*, team, benutzer*,
      telefonnummer ändern, adresse, kontodaten, stammdaten, lösch*, export*
    `,
    weak: `
      konto, account, name, ändern, daten
    `,
  },
  other: {
    strong: `
      vielen dank für die schnelle, danke für die schnelle, schnelle hilfe, läuft wieder, läuft jetzt, läuft alles,
      hat sich erledigt, erledigt, kann geschlossen werden, öffnungszeiten, bewerbung, bewerben, praktikum,
      stellenangebot*, presse, interview, zeitung, partnerschaft, kooperation, liefern sie nach, lieferzeit*,
      interessieren uns für, angebot für, vor dem kauf, abwesend, nicht im büro, lob, großes lob, tolle arbeit,
      weiter so
    `,
    medium: `
      danke, vielen dank, frage, bestellung, lieferung, liefern, versand*, filiale*, vorführung, werbung, messe,
      wann kommt, paket
    `,
    weak: `
      allgemein*, gibt es, hallo
    `,
  },
};
